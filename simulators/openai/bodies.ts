import { type FakeReply, fakeEmbedding, fakeText, hexadecimal } from '../engine/content.ts';
import { isObject } from '../engine/router.ts';
import { imagesReply, type OpenAiRequest, videoReply } from './media.ts';

const REPLIES: Readonly<Record<string, (request: OpenAiRequest) => FakeReply>> = {
  '/v1/chat/completions': chatReply,
  '/v1/responses': responseReply,
  '/v1/embeddings': embeddingsReply,
  '/v1/completions': completionReply,
  '/v1/moderations': moderationReply,
  '/v1/images/generations': imagesReply,
  '/v1/images/edits': imagesReply,
  '/v1/videos': videoReply,
};

export const ENDPOINTS = Object.keys(REPLIES);

/** The model's reply to a request to one of the endpoints. */
export function replyOf(endpoint: string, request: OpenAiRequest): FakeReply {
  const reply = REPLIES[endpoint];
  if (!reply) throw new Error(`no replies for the endpoint ${endpoint}, only for ${ENDPOINTS}`);
  return reply(request);
}

const MAX_CHOICES = 128;

/** A `chat.completion`. */
export function chatReply({ body, inputTokens, created, random }: OpenAiRequest): FakeReply {
  const wanted = typeof body.n === 'number' ? body.n : 1;
  const texts = Array.from({ length: Math.min(wanted, MAX_CHOICES) }, () => fakeText(random));
  const tool = forcedTool(body);
  const outputTokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      id: `chatcmpl-${hexadecimal(random, 24)}`,
      object: 'chat.completion',
      created,
      model: body.model,
      choices: texts.map(({ text }, index) => ({
        index,
        ...(tool === undefined ? textChoice(text) : toolChoice(tool, text, random)),
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

function textChoice(content: string) {
  const message = { role: 'assistant', content, refusal: null, annotations: [] };
  return { message, finish_reason: 'stop' };
}

function toolChoice(name: string, text: string, random: () => number) {
  const call = {
    id: `call_${hexadecimal(random, 24)}`,
    type: 'function',
    function: { name, arguments: JSON.stringify({ text }) },
  };
  const message = { role: 'assistant', content: null, refusal: null, tool_calls: [call] };
  return { message, finish_reason: 'tool_calls' };
}

/** The function that `tool_choice` forces: the named one, or for `required` the first one. */
function forcedTool({ tools, tool_choice: choice }: OpenAiRequest['body']): string | undefined {
  if (isObject(choice)) return functionName(choice);
  return choice === 'required' && Array.isArray(tools) ? functionName(tools[0]) : undefined;
}

function functionName(tool: unknown): string | undefined {
  const name = isObject(tool) && isObject(tool.function) ? tool.function.name : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** A `text_completion` with one choice per prompt. */
function completionReply({ body, inputTokens, created, random }: OpenAiRequest): FakeReply {
  const prompts = Array.isArray(body.prompt) ? body.prompt : [body.prompt];
  const texts = prompts.map(() => fakeText(random));
  const outputTokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      id: `cmpl-${hexadecimal(random, 24)}`,
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
function responseReply({ body, inputTokens, created, random }: OpenAiRequest): FakeReply {
  const { text, tokens } = fakeText(random);
  const message = {
    type: 'message',
    id: `msg_${hexadecimal(random, 32)}`,
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  };
  return {
    outputTokens: tokens,
    body: {
      id: `resp_${hexadecimal(random, 32)}`,
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

/** The dimensions of text-embedding-3-small and -ada-002, and those of text-embedding-3-large. */
const DIMENSIONS = 1536;
const LARGE_DIMENSIONS = 3072;

/** A `list` with one embedding per input. */
export function embeddingsReply({ body, inputTokens, random }: OpenAiRequest): FakeReply {
  const usual = String(body.model).endsWith('-large') ? LARGE_DIMENSIONS : DIMENSIONS;
  const length = typeof body.dimensions === 'number' ? body.dimensions : usual;
  return {
    outputTokens: 0,
    body: {
      object: 'list',
      model: body.model,
      data: Array.from({ length: inputCount(body.input) }, (_, index) => ({
        object: 'embedding',
        index,
        embedding: encoded(fakeEmbedding(length, random), body.encoding_format),
      })),
      usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
    },
  };
}

/** An input is a text or an array of token numbers. Several inputs are an array of those. */
function inputCount(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
}

function encoded(numbers: number[], format: unknown): number[] | string {
  if (format !== 'base64') return numbers;
  return Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
}

const CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
];
const FLAGGED_SCORE = 0.98;

/** A moderation with one result per text, or one result for a list of content parts. */
function moderationReply({ body, random }: OpenAiRequest): FakeReply {
  const { input } = body;
  const count = Array.isArray(input) && typeof input[0] === 'string' ? input.length : 1;
  return {
    outputTokens: 0,
    body: {
      id: `modr-${hexadecimal(random, 24)}`,
      model: body.model,
      results: Array.from({ length: count }, () => moderationResult(random)),
    },
  };
}

function moderationResult(random: () => number) {
  const scores = CATEGORIES.map((name): [string, number] => [name, random()]);
  return {
    flagged: scores.some(([, score]) => score > FLAGGED_SCORE),
    categories: Object.fromEntries(scores.map(([name, score]) => [name, score > FLAGGED_SCORE])),
    category_scores: Object.fromEntries(scores),
    category_applied_input_types: Object.fromEntries(CATEGORIES.map((name) => [name, ['text']])),
  };
}
