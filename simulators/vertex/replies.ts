import { chanceFrom, hexadecimal, type Verdict } from '../engine/plan.ts';
import { isObject } from '../engine/server.ts';
import { answerChat, textFrom } from '../openai/replies.ts';
import { answerEmbeddings } from '../openai/vectorReplies.ts';

const BYTES_PER_TOKEN = 4;
const ROWS = { anthropic: claudeRow, google: geminiRow } as const;

export function rowOf(
  model: string,
  line: Question['line'],
  verdict: Question['verdict'],
  hash: number,
): Answer {
  const inputTokens = Math.ceil(JSON.stringify(line).length / BYTES_PER_TOKEN);
  const publisher = /^publishers\/([^/]+)/.exec(model)?.[1] ?? 'google';
  const answer = ROWS[publisher as keyof typeof ROWS] ?? openRow;
  return answer({ model, line, verdict, inputTokens, chance: chanceFrom(hash) });
}

/** A line of the input, with what is to become of it. */
export interface Question {
  readonly model: string;
  readonly line: Readonly<Record<string, unknown>>;
  readonly verdict: Exclude<Verdict, 'not_run'>;
  readonly inputTokens: number;
  /** Numbers in [0, 1), drawn from the request: an equal request gets an equal reply. */
  readonly chance: () => number;
}

/** A row of the output, and what it cost. */
export interface Answer {
  readonly row: object;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Codes of what goes wrong with a request, in google.rpc's words. */
const ERRORS = {
  rate_limited: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Resource exhausted.' },
  server_error: { code: 500, status: 'INTERNAL', message: 'Internal error encountered.' },
  refused: { code: 400, status: 'INVALID_ARGUMENT', message: 'Invalid request: by plan.' },
} as const;

const INVALID = { ...ERRORS.refused, message: 'Please use a valid role: user, model.' };

/** A row of Gemini's: the line again, with `status` and `response`. */
function geminiRow({ model, line, verdict, inputTokens, chance }: Question): Answer {
  const request = isObject(line.request) ? line.request : {};
  const error = verdict === 'succeeded' ? problemOf(request) : ERRORS[verdict];
  if (error) {
    const status = `Error: ${JSON.stringify({ error })}`;
    return { inputTokens: 0, outputTokens: 0, row: { ...line, status, response: {} } };
  }
  const { text, tokens: outputTokens } = textFrom(chance);
  const tool = toolToCall(request);
  const part = tool === undefined ? { text } : { functionCall: { name: tool, args: { text } } };
  const response = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: {
      promptTokenCount: inputTokens,
      candidatesTokenCount: outputTokens,
      totalTokenCount: inputTokens + outputTokens,
    },
    modelVersion: model.slice(model.lastIndexOf('/') + 1),
    responseId: hexadecimal(chance, 22),
  };
  return { inputTokens, outputTokens, row: { ...line, status: '', response } };
}

function problemOf({ contents }: Readonly<Record<string, unknown>>): object | undefined {
  const roles = Array.isArray(contents) ? contents.map((content) => content?.role) : [];
  const isValid = roles.length > 0 && roles.every((role) => role === 'user' || role === 'model');
  return isValid ? undefined : INVALID;
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCall({ tools, toolConfig }: Readonly<Record<string, unknown>>): string | undefined {
  const { functionCallingConfig: config } = isObject(toolConfig) ? toolConfig : {};
  if (!isObject(config) || config.mode !== 'ANY') return undefined;
  const [named] = Array.isArray(config.allowedFunctionNames) ? config.allowedFunctionNames : [];
  const [first] = Array.isArray(tools) ? tools : [];
  return String(named ?? first?.functionDeclarations?.[0]?.name);
}

const VERSION = /^vertex-\d{4}-\d{2}-\d{2}$/;

/** A row of Claude's: the line again, with `status` and `response`. */
function claudeRow({ model, line, verdict, inputTokens, chance }: Question): Answer {
  const request = isObject(line.request) ? line.request : {};
  const error = verdict === 'succeeded' ? problemOfClaude(request) : ERRORS[verdict];
  if (error)
    return {
      inputTokens: 0,
      outputTokens: 0,
      row: { ...line, status: JSON.stringify({ error }), response: {} },
    };
  const { text, tokens: outputTokens } = textFrom(chance);
  const tool = toolToCallClaude(request);
  const id = hexadecimal(chance, 22);
  const block =
    tool === undefined
      ? { type: 'text', text }
      : { type: 'tool_use', id: `toolu_vrtx_${id}`, name: tool, input: { text } };
  const response = {
    id: `msg_vrtx_${id}`,
    type: 'message',
    role: 'assistant',
    model: model.slice(model.lastIndexOf('/') + 1),
    content: [block],
    stop_reason: tool === undefined ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: inputTokens, output_tokens: outputTokens },
  };
  return { inputTokens, outputTokens, row: { ...line, status: '', response } };
}

function problemOfClaude(request: Readonly<Record<string, unknown>>): object | undefined {
  const { anthropic_version: version, messages } = request;
  if (typeof version !== 'string' || !VERSION.test(version))
    return { ...ERRORS.refused, message: 'anthropic_version: Field required' };
  if ('model' in request)
    return { ...ERRORS.refused, message: 'model: Extra inputs are not permitted' };
  const isValid = Array.isArray(messages) && Number.isInteger(request.max_tokens);
  return isValid ? undefined : { ...ERRORS.refused, message: 'max_tokens: Field required' };
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCallClaude({
  tools,
  tool_choice: choice,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (!isObject(choice)) return undefined;
  if (choice.type === 'tool') return String(choice.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return choice.type === 'any' ? String(first?.name) : undefined;
}

/** A row of an open model's, as OpenAI's output files have them. */
function openRow({ line, verdict, inputTokens, chance }: Question): Answer {
  const id = `batch_req_${hexadecimal(chance, 24)}`;
  const row = (status_code: number, body: object) => ({
    id,
    custom_id: line.custom_id,
    response: { status_code, request_id: id, body },
    error: null,
  });
  if (verdict !== 'succeeded') {
    const error = ERRORS[verdict];
    return { inputTokens: 0, outputTokens: 0, row: row(error.code, { error }) };
  }
  const answer = line.url === '/v1/embeddings' ? answerEmbeddings : answerChat;
  const body = isObject(line.body) ? line.body : {};
  const { body: reply, outputTokens } = answer({ body, inputTokens, created: 0, chance });
  return { inputTokens, outputTokens, row: row(200, reply) };
}
