import { chanceFrom, hexadecimal, mix } from '../chance.ts';
import type { Verdict } from '../verdicts.ts';
import { answer } from './replies/reply.ts';

/** One request of a job that is being settled. */
export interface RunRequest {
  readonly customId: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly endpoint: string;
  readonly verdict: Verdict;
  /** Of its line. */
  readonly hash: number;
  /** Of its job: ids differ from one job to the next, replies do not. */
  readonly salt: number;
  /** Unix seconds. */
  readonly created: number;
  readonly inputTokens: number;
  /** The row's error when it was never run. */
  readonly notRun: { readonly code: string; readonly message: string };
}

const REFUSALS = {
  rate_limited: {
    status: 429,
    message: 'Rate limit reached for requests. Please try again later.',
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  },
  server_error: {
    status: 500,
    message: 'The server had an error while processing your request.',
    type: 'server_error',
    param: null,
    code: null,
  },
  refused: {
    status: 400,
    message: "Invalid 'messages': the request was refused by plan.",
    type: 'invalid_request_error',
    param: 'messages',
    code: 'invalid_value',
  },
};

/** The row of the output or error file, and what its reply cost. */
export function rowOf(request: RunRequest): { row: Record<string, unknown>; outputTokens: number } {
  const { customId, verdict, endpoint, hash, body, inputTokens, created } = request;
  const chance = chanceFrom(mix(hash, request.salt));
  const id = `batch_req_${hexadecimal(chance, 32)}`;
  const requestId = `req_${hexadecimal(chance, 32)}`;
  const rowWith = (status: number, content: unknown) => ({
    id,
    custom_id: customId,
    response: { status_code: status, request_id: requestId, body: content },
    error: null,
  });
  if (verdict === 'not_run') {
    const row = { id, custom_id: customId, response: null, error: request.notRun };
    return { row, outputTokens: 0 };
  }
  if (verdict !== 'succeeded') {
    const { status, ...error } = REFUSALS[verdict];
    return { row: rowWith(status, { error }), outputTokens: 0 };
  }
  const reply = answer(endpoint, hash, { body, inputTokens, created });
  return { row: rowWith(200, reply.body), outputTokens: reply.outputTokens };
}
