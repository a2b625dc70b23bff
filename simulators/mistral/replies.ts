import { estimateTokens, hexadecimal, mix, seededRandom } from '../engine/content.ts';
import { isObject } from '../engine/router.ts';
import {
  FAILED_ROW,
  type InputLine,
  type RowCost,
  type RunRequest,
  saltOf,
} from '../engine/run.ts';
import type { JobRecord } from '../engine/timeline.ts';
import { replyOf } from '../openai/bodies.ts';
import { errorBody } from './errors.ts';

/** A job, as far as its replies depend on it. */
type RepliedJob = JobRecord & { readonly endpoint: string; readonly model: string };

/** https://docs.mistral.ai/resources/error-glossary */
const FAILURES = {
  rate_limited: {
    status_code: 429,
    body: errorBody('Requests rate limit exceeded', 'rate_limited', '1300'),
  },
  server_error: {
    status_code: 500,
    body: errorBody('Service unavailable.', 'internal_server_error', '1000'),
  },
  refused: {
    status_code: 400,
    body: errorBody('The request was refused by plan.', 'invalid_request_error', null),
  },
};

// https://github.com/langchain-ai/langchain/issues/23703
const WRONG_ORDER = {
  status_code: 400,
  body: errorBody(
    'Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant',
    'invalid_request_error',
  ),
};

function endsWithAnswer({ messages }: InputLine): boolean {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  return isObject(last) && last.role === 'assistant' && last.prefix !== true;
}

/** A request that was not run has no row. The rows have OpenAI's shape: litellm/llms/mistral/batches/transformation.py of BerriAI/litellm. */
export function rowOf(
  { id: customId, line, verdict, hash, bytes }: RunRequest,
  job: RepliedJob,
): { row: object; cost: RowCost } | undefined {
  if (verdict === 'not_run') return undefined;
  // Ids differ between jobs that have the same requests, replies do not.
  const id = `batch-${hexadecimal(seededRandom(mix(hash, saltOf(job))), 8)}-${customId}`;
  const rowWith = (response: object) => ({ id, custom_id: customId, response, error: null });
  const body = line.body as Readonly<Record<string, unknown>>;
  const detail = extraFields(job.endpoint, body);
  if (detail.length > 0)
    return { row: rowWith({ status_code: 422, body: { detail } }), cost: FAILED_ROW };
  if (endsWithAnswer(body)) return { row: rowWith(WRONG_ORDER), cost: FAILED_ROW };
  if (verdict !== 'succeeded') return { row: rowWith(FAILURES[verdict]), cost: FAILED_ROW };
  const inputTokens = estimateTokens(bytes);
  const reply = replyOf(job.endpoint, {
    body: { ...body, model: job.model, dimensions: body.output_dimension },
    inputTokens,
    created: Math.floor(job.createdAt / 1000),
    random: seededRandom(hash),
  });
  const { outputTokens } = reply;
  const cost = { hasFailed: false, inputTokens, outputTokens };
  return { row: rowWith({ status_code: 200, body: reply.body }), cost };
}

/** The fields of `ChatCompletionRequest` and `EmbeddingRequest` in @mistralai/mistralai. */
const FIELDS: Readonly<Record<string, string>> = {
  '/v1/chat/completions':
    'model temperature top_p max_tokens stream stop random_seed metadata messages response_format tools tool_choice presence_penalty frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails prompt_cache_key service_tier safe_prompt',
  '/v1/embeddings': 'model metadata input output_dimension output_dtype encoding_format',
};
/** Of its messages, by their roles. */
const MESSAGE_FIELDS: Readonly<Record<string, string>> = {
  system: 'role content',
  user: 'role content',
  assistant: 'role content tool_calls prefix',
  tool: 'role content tool_call_id name',
};

/** What Mistral does not know, which it refuses: github.com/danny-avila/LibreChat/issues/4866 */
function extraFields(endpoint: string, body: InputLine): readonly object[] {
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : [];
  return [
    ...extrasIn(body, FIELDS[endpoint] ?? '', ['body']),
    ...messages.flatMap((message, index) => {
      const role = String(message.role);
      return extrasIn(message, MESSAGE_FIELDS[role] ?? '', ['body', 'messages', index, role]);
    }),
  ];
}

function extrasIn(value: InputLine, known: string, loc: readonly (string | number)[]) {
  return Object.keys(value)
    .filter((name) => !known.split(' ').includes(name))
    .map((name) => ({
      type: 'extra_forbidden',
      loc: [...loc, name],
      msg: 'Extra inputs are not permitted',
      input: value[name],
    }));
}
