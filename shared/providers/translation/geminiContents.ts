import { refusal } from '../../batch/errors.ts';
import { tryParseJson } from '../../jsonl/rows.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { Chat, Part, Tool, ToolCall, ToolResult, Turn } from './chat.ts';
import { cannotExpress, type MessageExtras } from './fields.ts';
import { isBefore3 } from './geminiModels.ts';

interface ContentRules {
  /** For errors. */
  readonly provider: string;
  readonly model: string;
  toolOutput(text: string): unknown;
}

const PDF = 'application/pdf';

/**
 * What Gemini takes in messages. It fetches public URLs:
 * https://ai.google.dev/gemini-api/docs/file-input-methods, and on Vertex AI
 * https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/3-6-flash
 */
export const GEMINI_EXTRAS: MessageExtras = { urls: true, files: [PDF], cacheControl: false };

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
  switch (part.type) {
    case 'text':
      return { text: part.text };
    case 'image':
      if (IMAGE_TYPES.includes(part.mediaType)) break;
      throw cannotExpress(
        'body.messages[].content[].image_url.url',
        provider,
        `use one of ${IMAGE_TYPES.join(', ')}`,
      );
    case 'image_url':
    case 'file_url':
      return { fileData: { mimeType: typeOfUrl(part, provider), fileUri: part.url } };
  }
  return { inlineData: { mimeType: part.mediaType, data: part.data } };
}

/** Media types by what the path of a URL ends with. */
const TYPES_BY_ENDING: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
};

/**
 * Gemini fetches a URL, and wants its type beside it.
 *
 * @throws RefusedError, without the URL, for one that does not tell its type
 */
function typeOfUrl({ type, url }: Extract<Part, { url: string }>, provider: string): string {
  const path = URL.parse(url)?.pathname ?? '';
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  const found = Object.hasOwn(TYPES_BY_ENDING, ending) ? TYPES_BY_ENDING[ending] : undefined;
  if (found !== undefined && (found === PDF) === (type === 'file_url')) return found;
  const place = `body.messages[].content[].${type === 'file_url' ? 'file.file_data' : 'image_url.url'}`;
  const endings = Object.keys(TYPES_BY_ENDING).filter(
    (one) => (one === 'pdf') === (type === 'file_url'),
  );
  throw cannotExpress(
    place,
    provider,
    `use a URL whose path ends with .${endings.join(', .')}, or put the content itself in as a data URL`,
  );
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
