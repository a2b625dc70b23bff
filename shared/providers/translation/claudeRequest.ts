import { omitUndefined } from '../../omitUndefined.ts';
import type { ModelFacts, ModelFactsByName } from '../settings.ts';
import { type Chat, isBlankPart, type TextPart } from './chat.ts';
import { claudeMessages, claudeToolFields } from './claudeMessages.ts';
import { claudeModelFacts } from './claudeModels.ts';
import { claudeSchema } from './claudeSchema.ts';
import {
  cannotExpress,
  expressibleFields,
  type FieldCondition,
  type MessageExtras,
  type TranslationRules,
} from './fields.ts';
import {
  effortCondition,
  notTaken,
  OR_MODEL_FACTS,
  refusePrefill,
  withModelFacts,
} from './modelFacts.ts';
import { readChat } from './readChat.ts';

/** https://platform.claude.com/docs/en/build-with-claude/pdf-support */
const FILES = ['application/pdf'];

/** Anthropic's own API. */
export const AT_ANTHROPIC: MessageExtras = { urls: true, files: FILES, cacheControl: true };

/**
 * Google Cloud and Bedrock fetch nothing: "URL sources are not supported",
 * https://github.com/anthropics/anthropic-sdk-typescript/issues/1038, and the supported platforms in
 * https://platform.claude.com/docs/en/build-with-claude/vision
 */
export const AT_OTHERS: MessageExtras = { ...AT_ANTHROPIC, urls: false };

export interface ClaudeRules extends TranslationRules {
  /** The provider's name for the model. Undefined: the body has no model, as on Bedrock and Vertex. */
  readonly model: string | undefined;
  /** The model if the body has none, for rules that depend on it. Default: the request's model. */
  readonly unnamedModel?: string | undefined;
  /** What the model takes in messages at this provider. */
  readonly extras: MessageExtras;
  /** The entry's `modelFacts`. */
  readonly modelFacts?: ModelFactsByName | undefined;
}

/**
 * Translates a chat completion request into a request of Anthropic's Messages API:
 * https://platform.claude.com/docs/en/api/messages/create
 *
 * @throws RefusedError naming the field that is malformed, or that Claude cannot express
 */
export function claudeRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, model, unnamedModel, extras, modelFacts, dropFields }: ClaudeRules,
): Record<string, unknown> {
  const requested = String(body.model);
  const name = model ?? unnamedModel ?? requested;
  const facts = withModelFacts(modelFacts, [name, requested], claudeModelFacts(name));
  const rules = { provider, dropFields };
  const fields = expressibleFields(body, ALWAYS_EXPRESSIBLE, conditionsOf(name, facts), rules);
  const chat = readChat(body, { ...rules, fields, extras });
  refusePrefill(chat.turns, name, facts, provider);
  if (!facts.schemas) refuseSchemas(chat, name, provider);
  if (extras.cacheControl) refuseManyMarks(chat, provider);
  const { maxTokens, temperature, topP, stop, user } = chat;
  return omitUndefined({
    model,
    max_tokens: maxTokens ?? facts.maxTokens,
    system: systemOf(chat),
    messages: claudeMessages(chat, provider),
    ...claudeToolFields(chat, provider),
    output_config: outputConfigOf(chat, provider),
    temperature,
    top_p: topP,
    stop_sequences: stop.length === 0 ? undefined : stop,
    metadata: user === undefined ? undefined : { user_id: user },
  });
}

/** 400: "A maximum of 4 blocks with cache_control may be provided" */
const MAX_CACHE_MARKS = 4;

/** @throws RefusedError for more marks of what is worth caching than Claude takes */
function refuseManyMarks({ instructions, turns, tools }: Chat, provider: string): void {
  const parts = turns.flatMap<Pick<TextPart, 'cacheControl'>>((turn) =>
    turn.role === 'tool' ? turn.results : turn.parts,
  );
  const marked = [...instructions, ...tools, ...parts].filter((part) => part.cacheControl);
  if (marked.length <= MAX_CACHE_MARKS) return;
  const fix = `it has ${marked.length} cache_control marks: use at most ${MAX_CACHE_MARKS}`;
  throw cannotExpress('body.messages', provider, fix);
}

/** @throws RefusedError for a schema that the model cannot be bound to */
function refuseSchemas({ responseFormat, tools }: Chat, model: string, provider: string): void {
  const strictTool = tools.findIndex(({ strict }) => strict === true);
  if (responseFormat?.type !== 'json_schema' && strictTool < 0) return;
  const place =
    strictTool < 0 ? 'body.response_format.type' : `body.tools[${strictTool}].function.strict`;
  const fix = `${model} cannot be bound to a JSON schema: use one from Claude 4.5 on`;
  throw cannotExpress(place, provider, `${fix}${OR_MODEL_FACTS}`);
}

function systemOf({ instructions }: Chat): unknown {
  const texts = instructions.filter((part) => !isBlankPart(part));
  const [only] = texts;
  if (texts.length > 1 || only?.cacheControl)
    return texts.map(({ text, cacheControl }) =>
      omitUndefined({ type: 'text', text, cache_control: cacheControl }),
    );
  return only?.text;
}

const SCHEMA = 'body.response_format.json_schema.schema';

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs and …/effort */
function outputConfigOf({ responseFormat, reasoningEffort }: Chat, provider: string) {
  if (responseFormat?.type === 'json_object')
    throw cannotExpress(
      'body.response_format.type',
      provider,
      'use json_schema instead of json_object',
    );
  const config = omitUndefined({
    effort: reasoningEffort,
    format:
      responseFormat?.type === 'json_schema'
        ? { type: 'json_schema', schema: claudeSchema(responseFormat.schema, SCHEMA, provider) }
        : undefined,
  });
  return Object.keys(config).length === 0 ? undefined : config;
}

const ALWAYS_EXPRESSIBLE = [
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'user',
];

const STOP_CONDITION: FieldCondition = {
  // 400: "each stop sequence must contain non-whitespace"
  field: 'stop',
  isMet: (value) => [value].flat().every((text) => typeof text !== 'string' || !!text.trim()),
  fix: 'leave out stop sequences of nothing but white space',
};

const SAMPLING_CONDITIONS: readonly FieldCondition[] = [
  {
    field: 'temperature',
    isMet: (value) => typeof value !== 'number' || value <= 1,
    fix: 'use a number from 0 to 1',
  },
  {
    // 400: "`temperature` and `top_p` cannot both be specified for this model"
    field: 'top_p',
    isMet: (_value, { temperature }) => temperature == null || temperature === 1,
    fix: 'send temperature or top_p, not both',
  },
];

/** The fields that some models, or some values, do not have. */
function conditionsOf(model: string, facts: ModelFacts): readonly FieldCondition[] {
  const sampling = facts.sampling
    ? SAMPLING_CONDITIONS
    : [notTaken(model, 'temperature'), notTaken(model, 'top_p')];
  return [STOP_CONDITION, ...sampling, effortCondition(model, facts)];
}
