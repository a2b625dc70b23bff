import { refusal } from '../../batch/errors.ts';
import { tryParseJson } from '../../jsonl/rows.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { Chat, Part, Tool, ToolCall, ToolResult, Turn } from './chat.ts';
import { cannotExpress } from './fields.ts';
import { isBefore3 } from './geminiModels.ts';

interface ContentRules {
  /** For errors. */
  readonly provider: string;
  readonly model: string;
  toolOutput(text: string): unknown;
}

/** https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats */
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'];

/**
 * Gemini 3 refuses a function call in a model's turn without the signature it came with. A chat
 * completion has no field for it. Google documents this value for such turns:
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

/**
 * The `contents` of a request to Gemini. Results of function calls become turns of the user.
 *
 * @throws RefusedError naming what Gemini cannot express
 */
export function geminiContents(turns: readonly Turn[], rules: ContentRules): object[] {
  if (turns.length === 0)
    throw cannotExpress(
      'body.messages',
      rules.provider,
      'add a user message to the system message',
    );
  return turns.map((turn) => {
    const parts = contentPartsOf(turn, rules);
    if (parts.length === 0)
      throw refusal(
        'invalid_field',
        `body.messages: one of the ${turn.role} messages is empty, which ${rules.provider} does not take: leave it out`,
      );
    return { role: turn.role === 'assistant' ? 'model' : 'user', parts };
  });
}

function contentPartsOf(turn: Turn, rules: ContentRules): object[] {
  switch (turn.role) {
    case 'user':
      return turn.parts.filter(isNotEmpty).map((part) => partOf(part, rules));
    case 'assistant':
      return [
        ...turn.parts.filter(isNotEmpty).map((part) => partOf(part, rules)),
        ...turn.toolCalls.map((call, index) => callOf(call, index, rules)),
      ];
    case 'tool':
      return turn.results.map((result) => functionResponseOf(result, rules));
  }
}

function isNotEmpty(part: Part): boolean {
  return part.type !== 'text' || part.text !== '';
}

function partOf(part: Part, { provider }: ContentRules): object {
  if (part.type === 'text') return { text: part.text };
  if (part.type === 'image' && IMAGE_TYPES.includes(part.mediaType))
    return { inlineData: { mimeType: part.mediaType, data: part.data } };
  const place = 'body.messages[].content[].image_url.url';
  throw cannotExpress(place, provider, `use one of ${IMAGE_TYPES.join(', ')}`);
}

function callOf(
  { id, name, arguments: args }: ToolCall,
  index: number,
  { model }: ContentRules,
): object {
  // Only the first call of a turn has a signature.
  const isSigned = index === 0 && !isBefore3(model);
  const signature = isSigned ? { thoughtSignature: NO_SIGNATURE } : {};
  return { functionCall: { id, name, args }, ...signature };
}

function functionResponseOf(
  { callId, name, text }: ToolResult,
  { toolOutput }: ContentRules,
): object {
  // Gemini reads the key `output`. Without it, it would read an `error` of the result.
  return { functionResponse: { id: callId, name, response: { output: toolOutput(text) } } };
}

/** A result that is a JSON object or array is passed as such, not as a string of JSON. */
export function jsonOrText(text: string): unknown {
  const value = tryParseJson(text);
  return typeof value === 'object' && value !== null ? value : text;
}

/** https://ai.google.dev/api/caching#FunctionDeclaration */
const FUNCTION_NAME = /^[a-zA-Z_][\w.:-]{0,127}$/;

/**
 * The fields `tools` and `toolConfig`: https://ai.google.dev/gemini-api/docs/function-calling
 *
 * @throws RefusedError for a use of tools that the request does not declare, or a name that Gemini refuses
 */
export function geminiToolFields({ tools, toolChoice }: Chat, provider: string): object {
  if (tools.length === 0) {
    if (toolChoice !== 'required' && typeof toolChoice !== 'object') return {};
    throw refusal('missing_field', 'body.tool_choice asks for a tool, and body.tools has none');
  }
  const declarations = tools.map((tool, index) => declarationOf(tool, index, provider));
  const config = functionCallingConfigOf(tools, toolChoice);
  return omitUndefined({
    tools: [{ functionDeclarations: declarations }],
    toolConfig: config && { functionCallingConfig: config },
  });
}

function declarationOf(tool: Tool, index: number, provider: string): object {
  const { name, description, parameters } = tool;
  if (!FUNCTION_NAME.test(name))
    throw cannotExpress(
      `body.tools[${index}].function.name`,
      provider,
      'begin it with a letter or an underscore',
    );
  return omitUndefined({
    name,
    description,
    // A function without parameters is declared without a schema.
    parametersJsonSchema: hasProperties(parameters) ? parameters : undefined,
  });
}

/** Keywords that mean nothing in a schema without properties. */
const MEANINGLESS: readonly string[] = ['additionalProperties', 'required', '$schema'];

function hasProperties(parameters: Tool['parameters']): boolean {
  if (parameters === undefined) return false;
  const { type, properties, ...rest } = parameters;
  const isEmpty = Object.keys(properties ?? {}).length === 0;
  return !isEmpty || Object.keys(rest).some((name) => !MEANINGLESS.includes(name));
}

function functionCallingConfigOf(
  tools: readonly Tool[],
  choice: Chat['toolChoice'],
): object | undefined {
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.tool] };
  if (choice === 'required') return { mode: 'ANY' };
  if (choice === 'none') return { mode: 'NONE' };
  // ANY enforces the schemas and AUTO does not. VALIDATED is AUTO with enforced schemas.
  if (tools.some(({ strict }) => strict)) return { mode: 'VALIDATED' };
  return choice === 'auto' ? { mode: 'AUTO' } : undefined;
}
