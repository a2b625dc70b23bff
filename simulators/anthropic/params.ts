import { isObject } from '../engine/router.ts';

type Params = Readonly<Record<string, unknown>>;

/**
 * Why the Messages API refuses the `params` of a request, in its own words. Undefined if it takes
 * them. A batch is created all the same: the refusal is the result of that one request.
 *
 * @param model the name at any platform, such as `us.anthropic.claude-opus-4-6-v1`
 */
export function problemOf(params: Params, model: string): string | undefined {
  return (
    missingIn(params) ??
    unknownIn(params) ??
    effortProblem(params, model) ??
    samplingProblem(params, model) ??
    messagesProblem(params.messages as unknown[], model) ??
    toolsProblem(params) ??
    formatProblem(params, model) ??
    cacheProblem(params)
  );
}

/**
 * Bedrock and Google Cloud fetch nothing:
 * https://github.com/anthropics/anthropic-sdk-typescript/issues/1038
 */
export function urlSourceProblem({ messages }: Params): string | undefined {
  const hasUrl = JSON.stringify(messages).includes('"source":{"type":"url"');
  return hasUrl ? 'messages.0.content.0.image.source: URL sources are not supported' : undefined;
}

/** `MessageCreateParams` of the SDK, and the fields that it no longer has but older models take. */
const FIELDS: ReadonlySet<string> = new Set(
  `model max_tokens messages cache_control container context_management inference_geo mcp_servers
  metadata output_config service_tier speed stop_sequences stream system temperature thinking
  tool_choice tools top_k top_p anthropic_version anthropic_beta`.split(/\s+/),
);

function unknownIn(params: Params): string | undefined {
  const unknown = Object.keys(params).find((name) => !FIELDS.has(name));
  return unknown === undefined ? undefined : `${unknown}: Extra inputs are not permitted`;
}

function missingIn({ max_tokens: maxTokens, messages }: Params): string | undefined {
  if (!Number.isInteger(maxTokens)) return 'max_tokens: Field required';
  if (!Array.isArray(messages)) return 'messages: Field required';
  return messages.length > 0 ? undefined : 'messages: at least one message is required';
}

/** The version in a model's name, such as 4.6. Undefined for a name without one. */
function versionOf(model: string): number | undefined {
  const [, before, after] =
    /claude-(?:[a-z]+-)?(\d)(?:[-.](\d{1,2}))?(?!\d)/.exec(model.replace(/-\d{8}.*/, '')) ?? [];
  return before === undefined ? undefined : Number(`${before}.${after ?? 0}`);
}

/** Whether a model is of this version or a later one. A name without a version is of the latest. */
function isFrom(version: number, model: string): boolean {
  return model.includes('claude') && (versionOf(model) ?? Number.POSITIVE_INFINITY) >= version;
}

/** https://platform.claude.com/docs/en/build-with-claude/effort: the list of models, the levels */
function effortProblem({ output_config: config }: Params, model: string): string | undefined {
  const effort = isObject(config) ? config.effort : undefined;
  if (effort === undefined || effort === null || !model.includes('claude')) return undefined;
  // https://github.com/anthropics/claude-code/issues/30010
  if (!isFrom(4.6, model) && !model.includes('opus-4-5'))
    return 'This model does not support the effort parameter.';
  const isPreview = model.includes('mythos-preview');
  const levels = ['low', 'medium', 'high'];
  if (isFrom(4.6, model)) levels.push('max');
  if (isFrom(4.7, model) && !isPreview) levels.push('xhigh');
  if (levels.includes(String(effort))) return undefined;
  return `output_config.effort: this model supports ${levels.join(', ')}`;
}

/** https://platform.claude.com/docs/en/about-claude/models/migration-guide */
function samplingProblem(params: Params, model: string): string | undefined {
  const { temperature, top_p: topP } = params;
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1))
    return 'temperature: range: 0..1';
  if (isFrom(4.7, model))
    for (const name of ['temperature', 'top_p', 'top_k'])
      if (name in params) return `\`${name}\` is deprecated for this model.`;
  return temperature !== undefined && topP !== undefined
    ? '`temperature` and `top_p` cannot both be specified for this model. Please use only one.'
    : undefined;
}

function messagesProblem(messages: readonly unknown[], model: string): string | undefined {
  for (const [index, message] of messages.entries()) {
    if (!isObject(message) || (message.role !== 'user' && message.role !== 'assistant'))
      return `messages.${index}.role: Input should be 'user' or 'assistant'`;
    const problem = contentProblem(message.content, `messages.${index}.content`);
    if (problem !== undefined) return problem;
  }
  const last = messages.at(-1);
  // https://platform.claude.com/docs/en/api/errors#prefill-not-supported
  if (isObject(last) && last.role === 'assistant' && isFrom(4.6, model))
    return 'This model does not support assistant message prefill. The conversation must end with a user message.';
  return undefined;
}

function contentProblem(content: unknown, place: string): string | undefined {
  if (typeof content === 'string' && content.trim() !== '') return undefined;
  if (!Array.isArray(content) || content.length === 0)
    return `${place}: text content blocks must be non-empty`;
  for (const [index, block] of content.entries()) {
    const problem = blockProblem(block, `${place}.${index}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** `ContentBlockParam` of the SDK. */
const BLOCKS: ReadonlySet<unknown> = new Set(
  'text image document tool_use tool_result thinking redacted_thinking search_result'.split(' '),
);
const IMAGES: ReadonlySet<unknown> = new Set(
  ['jpeg', 'png', 'gif', 'webp'].map((name) => `image/${name}`),
);

function blockProblem(block: unknown, place: string): string | undefined {
  if (!isObject(block) || !BLOCKS.has(block.type)) return `${place}.type: Input should be a block`;
  if (block.type === 'text' && (typeof block.text !== 'string' || block.text.trim() === ''))
    return `${place}: text content blocks must be non-empty`;
  if (block.type !== 'image' && block.type !== 'document') return undefined;
  const { source } = block;
  if (!isObject(source)) return `${place}.${block.type}.source: Field required`;
  if (source.type === 'url')
    return /^https?:/.test(String(source.url)) ? undefined : `${place}.source.url: Invalid URL`;
  const isKnown =
    block.type === 'image'
      ? IMAGES.has(source.media_type)
      : source.media_type === 'application/pdf' || source.media_type === 'text/plain';
  return isKnown ? undefined : `${place}.source.media_type: Input should be a supported type`;
}

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching: up to 4 breakpoints */
function cacheProblem({ system, tools, messages }: Params): string | undefined {
  const marks = JSON.stringify([system, tools, messages]).split('"cache_control":{').length - 1;
  return marks > 4
    ? `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`
    : undefined;
}

function toolsProblem({ tools, messages }: Params): string | undefined {
  if (!Array.isArray(tools)) {
    const text = JSON.stringify(messages);
    return text.includes('"type":"tool_use"')
      ? 'Requests which have `tool_use` or `tool_result` blocks in the messages must define tools.'
      : undefined;
  }
  for (const [index, tool] of tools.entries()) {
    const schema = isObject(tool) ? tool.input_schema : undefined;
    if (!isObject(schema)) continue;
    const place = `tools.${index}.custom`;
    if (schema.type !== 'object') return `${place}.input_schema.type: Field required`;
    if ('oneOf' in schema || 'anyOf' in schema || 'allOf' in schema)
      return `${place}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`;
    const problem = tool.strict === true ? schemaProblem(schema) : undefined;
    if (problem !== undefined) return `${place}: ${problem}`;
  }
  return undefined;
}

function formatProblem({ output_config: config }: Params, model: string): string | undefined {
  const format = isObject(config) ? config.format : undefined;
  if (!isObject(format)) return undefined;
  if (model.includes('claude') && !isFrom(4.5, model))
    return 'output_config.format: structured outputs are not supported by this model';
  const problem = schemaProblem(format.schema);
  return problem === undefined ? undefined : `output_config.format.schema: ${problem}`;
}

/**
 * What structured outputs take, by type:
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations.
 * The words are those of https://github.com/agentjido/req_llm/issues/302.
 */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems'],
  string: ['format'],
};
const ANY_TYPE = '$defs $ref anyOf allOf const default description enum title type'.split(' ');

function schemaProblem(schema: unknown): string | undefined {
  if (!isObject(schema)) return 'Input should be a valid dictionary';
  const { type, $defs, anyOf, allOf, items, properties, minItems } = schema;
  if (type === 'object' && schema.additionalProperties !== false)
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  if (minItems !== undefined && minItems !== 0 && minItems !== 1)
    return "For 'array' type, 'minItems' values other than 0 or 1 are not supported";
  const known = [...ANY_TYPE, ...(KEYWORDS[String(type)] ?? [])];
  const other = Object.keys(schema).find((keyword) => !known.includes(keyword));
  if (other !== undefined) return `For '${type}' type, property '${other}' is not supported`;
  const parts = [$defs, properties].flatMap((map) => (isObject(map) ? Object.values(map) : []));
  for (const list of [anyOf, allOf]) if (Array.isArray(list)) parts.push(...list);
  if (items !== undefined) parts.push(items);
  return parts.map(schemaProblem).find((problem) => problem !== undefined);
}
