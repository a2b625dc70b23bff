import { chanceFrom, hexadecimal } from '../engine/plan.ts';
import { isObject } from '../engine/server.ts';
import { answerEmbeddings, answerModeration } from './vectorReplies.ts';

export interface Question {
  /** The `body` of the request's line. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly inputTokens: number;
  /** Unix seconds. */
  readonly created: number;
  /** Numbers in [0, 1), drawn from the request's hash: an equal request gets an equal reply. */
  readonly chance: () => number;
}

export interface Answer {
  readonly body: Record<string, unknown>;
  readonly outputTokens: number;
}

const ANSWERS: Readonly<Record<string, (question: Question) => Answer>> = {
  '/v1/chat/completions': answerChat,
  '/v1/responses': answerResponse,
  '/v1/embeddings': answerEmbeddings,
  '/v1/completions': answerCompletion,
  '/v1/moderations': answerModeration,
};

export const ENDPOINTS = Object.keys(ANSWERS);

/** What the model answers to a request whose line has this hash. */
export function answer(endpoint: string, hash: number, question: Omit<Question, 'chance'>): Answer {
  const reply = ANSWERS[endpoint];
  if (!reply) throw new Error(`no replies for the endpoint ${endpoint}, only ${ENDPOINTS}`);
  return reply({ ...question, chance: chanceFrom(hash) });
}

const OPENINGS = ['Let us see.', 'First, look at what is given.', 'Step by step:', 'Note that'];
const MIDDLES = [
  'the amounts add up to the total',
  'each part is counted once',
  'half of it remains',
  'the rest follows from the first number',
];
const MAX_NUMBER = 1000;
const CHARACTERS_PER_TOKEN = 4;

/** A short text that ends in `#### ` and a number, as a solved problem does. */
export function textFrom(chance: () => number): { text: string; tokens: number } {
  const number = Math.floor(chance() * MAX_NUMBER);
  const text = `${pick(OPENINGS, chance)} ${pick(MIDDLES, chance)}, so it is ${number}.\n#### ${number}`;
  return { text, tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN) };
}

function pick(texts: readonly string[], chance: () => number): string {
  return texts[Math.floor(chance() * texts.length)] ?? '';
}

const MAX_CHOICES = 128;

/** A `chat.completion`. */
export function answerChat({ body, inputTokens, created, chance }: Question): Answer {
  const wanted = typeof body.n === 'number' ? body.n : 1;
  const texts = Array.from({ length: Math.min(wanted, MAX_CHOICES) }, () => textFrom(chance));
  const forced = forcedTool(body);
  const outputTokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      id: `chatcmpl-${hexadecimal(chance, 24)}`,
      object: 'chat.completion',
      created,
      model: body.model,
      choices: texts.map(({ text }, index) => ({
        index,
        ...(forced === undefined ? said(text) : called(forced, text, chance)),
        logprobs: null,
      })),
      usage: {
        prompt_tokens: inputTokens,
        completion_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: 'default',
      system_fingerprint: 'fp_simulator',
    },
  };
}

function said(content: string) {
  const message = { role: 'assistant', content, refusal: null, annotations: [] };
  return { message, finish_reason: 'stop' };
}

function called(name: string, text: string, chance: () => number) {
  const call = {
    id: `call_${hexadecimal(chance, 24)}`,
    type: 'function',
    function: { name, arguments: JSON.stringify({ text }) },
  };
  const message = { role: 'assistant', content: null, refusal: null, tool_calls: [call] };
  return { message, finish_reason: 'tool_calls' };
}

/** The function that `tool_choice` asks for; with `required`, the first of the tools. */
function forcedTool({ tools, tool_choice: choice }: Question['body']): string | undefined {
  if (isObject(choice)) return nameOf(choice);
  return choice === 'required' && Array.isArray(tools) ? nameOf(tools[0]) : undefined;
}

function nameOf(tool: unknown): string | undefined {
  const called = isObject(tool) && isObject(tool.function) ? tool.function.name : undefined;
  return typeof called === 'string' ? called : undefined;
}

/** A `text_completion`: one choice per prompt. */
function answerCompletion({ body, inputTokens, created, chance }: Question): Answer {
  const prompts = Array.isArray(body.prompt) ? body.prompt : [body.prompt];
  const texts = prompts.map(() => textFrom(chance));
  const outputTokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      id: `cmpl-${hexadecimal(chance, 24)}`,
      object: 'text_completion',
      created,
      model: body.model,
      choices: texts.map(({ text }, index) => ({
        index,
        text,
        logprobs: null,
        finish_reason: 'stop',
      })),
      usage: {
        prompt_tokens: inputTokens,
        completion_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
      },
    },
  };
}

/** A `response` with one message. */
function answerResponse({ body, inputTokens, created, chance }: Question): Answer {
  const { text, tokens } = textFrom(chance);
  const message = {
    type: 'message',
    id: `msg_${hexadecimal(chance, 32)}`,
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  };
  return {
    outputTokens: tokens,
    body: {
      id: `resp_${hexadecimal(chance, 32)}`,
      object: 'response',
      created_at: created,
      status: 'completed',
      error: null,
      incomplete_details: null,
      instructions: body.instructions ?? null,
      max_output_tokens: body.max_output_tokens ?? null,
      model: body.model,
      output: [message],
      parallel_tool_calls: true,
      previous_response_id: null,
      temperature: body.temperature ?? 1,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_p: body.top_p ?? 1,
      truncation: 'disabled',
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: tokens,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: inputTokens + tokens,
      },
      metadata: body.metadata ?? {},
    },
  };
}
