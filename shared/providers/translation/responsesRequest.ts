import * as z from 'zod';
import { RefusedError, refusal } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { RESPONSES, type RequestContent } from '../provider.ts';
import { cannotExpress, checkFields, parseBody, type TranslationRules } from './fields.ts';

/**
 * Requests of OpenAI's Responses API as chat completion requests, so that providers with another
 * format need one translation only. Source of the fields: `ResponseCreateParams` of the SDK `openai`,
 * and https://platform.openai.com/docs/api-reference/responses/create.
 */

type Body = Readonly<Record<string, unknown>>;

const textPart = z.looseObject({ type: z.enum(['input_text', 'output_text']), text: z.string() });
const refusalPart = z.looseObject({ type: z.literal('refusal'), refusal: z.string() });
const imagePart = z.looseObject({
  type: z.literal('input_image'),
  image_url: z.string().nullish(),
  detail: z.string().nullish(),
});
const filePart = z.looseObject({
  type: z.literal('input_file'),
  file_data: z.string().nullish(),
  file_url: z.string().nullish(),
  filename: z.string().nullish(),
});
const part = z.discriminatedUnion('type', [textPart, refusalPart, imagePart, filePart]);
type Part = z.infer<typeof part>;

const message = z.looseObject({
  type: z.literal('message').default('message'),
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(part).min(1)]),
});
const functionCall = z.looseObject({
  type: z.literal('function_call'),
  call_id: z.string().min(1),
  name: z.string().min(1),
  arguments: z.string(),
});
const functionCallOutput = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: z.string().min(1),
  output: z.union([z.string(), z.array(textPart).min(1)]),
});
/** What the model thought before. Its content is encrypted, or a summary that is no part of a prompt. */
const reasoning = z.looseObject({ type: z.literal('reasoning') });

const bodySchema = z.looseObject({
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(z.looseObject({ type: z.string().optional() })).min(1)]),
  max_output_tokens: z.unknown().optional(),
  reasoning: z.looseObject({ effort: z.unknown().optional() }).nullish(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }).nullish() }).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]).nullish(),
  include: z.array(z.string()).nullish(),
});

/** Values that ask for what happens without the field, of fields that only this API has. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  background: false,
  truncation: 'disabled',
  service_tier: 'auto',
};

/** What `include` may ask for: without such an item in an answer, there is nothing to include. */
const INCLUDABLE: ReadonlySet<string> = new Set(['reasoning.encrypted_content']);

/**
 * Passes the body of a request on as that of a chat completion.
 *
 * @throws RefusedError naming the field that no chat completion has, or that is malformed; where
 *   `read` throws one, it says that its places are those of the chat completion
 */
export function asChat<T>(
  { url, body }: RequestContent,
  rules: TranslationRules,
  read: (chat: Body) => T,
): T {
  if (url !== RESPONSES) return read(body);
  const chat = chatOfResponses(body, rules);
  try {
    return read(chat);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw refusal(error.reason.code, `read as a chat completion: ${error.reason.message}`);
  }
}

function chatOfResponses(body: Body, rules: TranslationRules): Body {
  const wire = parseBody(bodySchema, body);
  const { instructions, input, reasoning: thinking, text, tools, include, ...rest } = wire;
  const { tool_choice: choice, max_output_tokens: maxTokens, ...others } = rest;
  if (thinking) checkFields(thinking, ['effort'], 'body.reasoning', rules);
  if (text) checkFields(text, ['format', 'verbosity'], 'body.text', rules);
  checkInclude(include ?? [], rules);
  return omitUndefined({
    ...withoutDefaults(others),
    messages: [
      ...(instructions ? [{ role: 'system', content: instructions }] : []),
      ...messagesOf(input, rules),
    ],
    max_completion_tokens: maxTokens ?? undefined,
    reasoning_effort: thinking?.effort ?? undefined,
    verbosity: text?.verbosity === 'medium' ? undefined : (text?.verbosity ?? undefined),
    response_format: text?.format ? formatOf(text.format) : undefined,
    tools: tools?.map((tool, index) => toolOf(tool, `body.tools[${index}]`, rules)),
    // Without a tool there is no choice, and chat completions refuse the field.
    tool_choice: tools?.length && choice ? choiceOf(choice, rules) : undefined,
  });
}

function withoutDefaults(fields: Body): Body {
  const entries = Object.entries(fields).filter(
    ([name, value]) => !(Object.hasOwn(DEFAULTS, name) && DEFAULTS[name] === value),
  );
  return Object.fromEntries(entries);
}

/** @throws RefusedError for what the answers of other providers do not have */
function checkInclude(include: readonly string[], rules: TranslationRules): void {
  if (rules.dropFields.includes('include')) return;
  const other = include.findIndex((name) => !INCLUDABLE.has(name));
  if (other >= 0) throw cannotExpress(`body.include[${other}]`, rules.provider);
}

function formatOf(format: z.infer<typeof formatSchema>): object {
  if (format.type !== 'json_schema') return format;
  const { type, ...schema } = format;
  return { type, json_schema: schema };
}
const formatSchema = z.looseObject({ type: z.string() });

/** @throws RefusedError for a tool that runs at OpenAI */
function toolOf(tool: Body, place: string, rules: TranslationRules): object {
  const { type, ...named } = tool;
  if (type !== 'function')
    throw cannotExpress(
      `${place}.type`,
      rules.provider,
      'use functions only: other tools run at OpenAI',
    );
  return { type, function: named };
}

function choiceOf(choice: string | Body, rules: TranslationRules): unknown {
  if (typeof choice === 'string') return choice;
  const { type, ...named } = choice;
  if (type !== 'function')
    throw cannotExpress('body.tool_choice.type', rules.provider, 'use function');
  return { type, function: named };
}

/** Chat messages, of which one can be a text with the calls that the model made after it. */
type ChatMessage = Readonly<Record<string, unknown>> & { readonly role: string };

function messagesOf(
  input: string | readonly Body[],
  rules: TranslationRules,
): readonly ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const messages: ChatMessage[] = [];
  for (const [index, item] of input.entries()) {
    const place = `body.input[${index}]`;
    const type = item.type ?? 'message';
    if (type === 'message') messages.push(messageOf(item, place, rules));
    else if (type === 'function_call') addCall(messages, item, place);
    else if (type === 'function_call_output') messages.push(resultOf(item, place));
    else if (!reasoning.safeParse(item).success)
      throw cannotExpress(
        `${place}.type`,
        rules.provider,
        'use messages, function calls and their outputs',
      );
  }
  return messages;
}

function messageOf(item: Body, place: string, rules: TranslationRules): ChatMessage {
  const { role, content } = parseAt(message, item, place);
  // `id` and `status` are those of an earlier answer, which comes back as a message.
  checkFields(item, ['type', 'role', 'content', 'id', 'status', 'phase'], place, rules);
  if (typeof content === 'string') return { role, content };
  return {
    role,
    content: content.map((one, index) => partOf(one, `${place}.content[${index}]`, rules)),
  };
}

function partOf(one: Part, place: string, rules: TranslationRules): object {
  switch (one.type) {
    case 'refusal':
      return { type: 'text', text: one.refusal };
    case 'input_image':
      checkFields(one, ['type', 'image_url', 'detail'], place, rules);
      return {
        type: 'image_url',
        image_url: omitUndefined({ url: one.image_url ?? '', detail: one.detail ?? undefined }),
      };
    case 'input_file':
      checkFields(one, ['type', 'file_data', 'file_url', 'filename'], place, rules);
      return {
        type: 'file',
        file: omitUndefined({
          file_data: one.file_data ?? one.file_url ?? undefined,
          filename: one.filename ?? undefined,
        }),
      };
    default: {
      // Of an answer: annotations and probabilities say something about the text, and are not it.
      const { type: _, annotations: __, logprobs: ___, ...rest } = one;
      return { type: 'text', ...rest };
    }
  }
}

/** Calls belong to the message before them, if that is the model's own. */
function addCall(messages: ChatMessage[], item: Body, place: string): void {
  const { call_id: id, name, arguments: text } = parseAt(functionCall, item, place);
  const call = { id, type: 'function', function: { name, arguments: text } };
  const last = messages.at(-1);
  if (last?.role !== 'assistant') {
    messages.push({ role: 'assistant', content: null, tool_calls: [call] });
    return;
  }
  const calls = Array.isArray(last.tool_calls) ? last.tool_calls : [];
  messages[messages.length - 1] = { ...last, tool_calls: [...calls, call] };
}

function resultOf(item: Body, place: string): ChatMessage {
  const { call_id: id, output } = parseAt(functionCallOutput, item, place);
  const content =
    typeof output === 'string' ? output : output.map(({ text }) => ({ type: 'text', text }));
  return { role: 'tool', tool_call_id: id, content };
}

/** Like `parseBody`, for a value inside the body. */
function parseAt<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  try {
    return parseBody(schema, value);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw refusal(error.reason.code, error.reason.message.replace(/^body/, place));
  }
}
