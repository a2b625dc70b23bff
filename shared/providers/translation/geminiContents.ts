import { refusal } from '../../batch/errors.ts';
import type { Chat, Part, Tool, ToolCall, ToolResult, Turn } from './chat.ts';
import { cannotExpress } from './fields.ts';

interface Rules {
  readonly provider: string;
  readonly model: string;
}

/** https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats */
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'];

/**
 * Gemini 3 refuses a function call of a model's turn without the signature it came with. A chat
 * completion has no place for one; this is what Google's documentation gives for such turns:
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

/** The turns of a conversation. Answers to function calls are a user's turn there. */
export function contentsOf(turns: readonly Turn[], rules: Rules): object[] {
  if (turns.length === 0)
    throw cannotExpress(
      'body.messages',
      rules.provider,
      'add a user message to the system message',
    );
  return turns.map((turn) => {
    const parts = partsOf(turn, rules);
    if (parts.length === 0)
      throw refusal(
        'invalid_field',
        `body.messages: one of the ${turn.role} messages is empty, which ${rules.provider} does not take: leave it out`,
      );
    return { role: turn.role === 'assistant' ? 'model' : 'user', parts };
  });
}

function partsOf(turn: Turn, rules: Rules): object[] {
  switch (turn.role) {
    case 'user':
      return turn.parts.filter(saysSomething).map((part) => partOf(part, rules));
    case 'assistant':
      return [
        ...turn.parts.filter(saysSomething).map((part) => partOf(part, rules)),
        ...turn.toolCalls.map((call, index) => callOf(call, index, rules)),
      ];
    case 'tool':
      return turn.results.map(resultOf);
  }
}

function saysSomething(part: Part): boolean {
  return part.type !== 'text' || part.text !== '';
}

function partOf(part: Part, { provider }: Rules): object {
  if (part.type === 'text') return { text: part.text };
  if (IMAGE_TYPES.includes(part.mediaType))
    return { inlineData: { mimeType: part.mediaType, data: part.data } };
  const place = 'body.messages[].content[].image_url.url';
  throw cannotExpress(place, provider, `use one of ${IMAGE_TYPES.join(', ')}`);
}

function callOf({ id, name, arguments: args }: ToolCall, index: number, { model }: Rules): object {
  // Of calls in one turn, only the first has a signature.
  const isSigned = index === 0 && !isBefore3(model);
  const signature = isSigned ? { thoughtSignature: NO_SIGNATURE } : {};
  return { functionCall: { id, name, args }, ...signature };
}

function resultOf({ callId, name, text }: ToolResult): object {
  // `output` is the key that Gemini expects; without it, an `error` in the result would be read.
  return { functionResponse: { id: callId, name, response: { output: readable(text) } } };
}

/** A result that is JSON is not shown as a string of JSON. */
function readable(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : text;
  } catch {
    return text;
  }
}

/** https://ai.google.dev/gemini-api/docs/openai#thinking: Google's own table for its OpenAI API. */

/** Of Gemini 3 and later, which say how hard to think. */
const LEVELS: Readonly<Record<string, string>> = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
};

/** Tokens to think with, of Gemini 2.5. */
const BUDGETS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
};

/** The `thinkingConfig` of a `reasoning_effort`; undefined where this model has none such. */
export function thinkingConfigOf(effort: unknown, model: string): object | undefined {
  if (typeof effort !== 'string') return undefined;
  if (/gemini-2\.5/.test(model)) {
    const budget = Object.hasOwn(BUDGETS, effort) ? BUDGETS[effort] : undefined;
    // 2.5 Pro cannot be kept from thinking.
    const isPossible = budget !== undefined && (budget > 0 || !/gemini-2\.5-pro/.test(model));
    return isPossible ? { thinkingBudget: budget } : undefined;
  }
  // Neither thinks: Gemini 2.0 and 1.x.
  if (isBefore3(model)) return undefined;
  const level = Object.hasOwn(LEVELS, effort) ? LEVELS[effort] : undefined;
  return level === undefined ? undefined : { thinkingLevel: level };
}

/** By its name; one that says no version, such as `gemini-flash-latest`, is a newer one. */
export function isBefore3(model: string): boolean {
  return /gemini-[12](?!\d)/.test(model);
}

/** https://ai.google.dev/api/caching#FunctionDeclaration */
const FUNCTION_NAME = /^[a-zA-Z_][\w.:-]{0,127}$/;

/** `tools` and `toolConfig`: https://ai.google.dev/gemini-api/docs/function-calling */
export function toolFieldsOf({ tools, toolChoice }: Chat, provider: string): object {
  if (tools.length === 0) {
    if (toolChoice !== 'required' && typeof toolChoice !== 'object') return {};
    throw refusal('missing_field', 'body.tool_choice asks for a tool, and body.tools has none');
  }
  const declarations = tools.map((tool, index) => declarationOf(tool, index, provider));
  const config = functionCallingConfigOf(tools, toolChoice);
  return {
    tools: [{ functionDeclarations: declarations }],
    ...(config === undefined ? {} : { toolConfig: { functionCallingConfig: config } }),
  };
}

function declarationOf(tool: Tool, index: number, provider: string): object {
  const { name, description, parameters } = tool;
  if (!FUNCTION_NAME.test(name))
    throw cannotExpress(
      `body.tools[${index}].function.name`,
      provider,
      'begin it with a letter or an underscore',
    );
  return {
    name,
    ...(description === undefined ? {} : { description }),
    // A function without parameters is declared without a schema.
    ...(hasProperties(parameters) ? { parametersJsonSchema: parameters } : {}),
  };
}

/** What a schema without properties may have beside. */
const SAYS_NOTHING: readonly string[] = ['additionalProperties', 'required', '$schema'];

function hasProperties(parameters: Tool['parameters']): boolean {
  if (parameters === undefined) return false;
  const { type, properties, ...rest } = parameters;
  const isEmpty = Object.keys(properties ?? {}).length === 0;
  return !isEmpty || Object.keys(rest).some((name) => !SAYS_NOTHING.includes(name));
}

function functionCallingConfigOf(
  tools: readonly Tool[],
  choice: Chat['toolChoice'],
): object | undefined {
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.tool] };
  if (choice === 'required') return { mode: 'ANY' };
  if (choice === 'none') return { mode: 'NONE' };
  // ANY keeps to the schemas by itself; AUTO does not, which is what VALIDATED is there for.
  if (tools.some(({ strict }) => strict)) return { mode: 'VALIDATED' };
  return choice === 'auto' ? { mode: 'AUTO' } : undefined;
}
