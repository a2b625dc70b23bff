import { estimateTokens, hexadecimal, mix, seededRandom } from '../engine/content.ts';
import { isObject } from '../engine/router.ts';
import { FAILED_ROW, type RowCost, type RunRequest, saltOf } from '../engine/run.ts';
import { finalStatuses, type JobRecord } from '../engine/timeline.ts';
import { replyOf } from './bodies.ts';

/** The errors of requests that were not run because the job expired or was cancelled. */
const NOT_RUN = {
  expired: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
  cancelled: {
    code: 'batch_cancelled',
    message: 'This request could not be executed before the batch was cancelled.',
  },
};

const FAILURES = {
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

/** The row of a request in the output or the error file, and what it cost if it was run. */
export function rowOf(
  { id: customId, line, verdict, hash, bytes }: RunRequest,
  job: JobRecord & { readonly endpoint: string },
): { row: object; cost: RowCost | undefined } {
  // Ids differ between jobs that have the same requests, replies do not.
  const random = seededRandom(mix(hash, saltOf(job)));
  const id = `batch_req_${hexadecimal(random, 32)}`;
  const requestId = `req_${hexadecimal(random, 32)}`;
  const rowWith = (status: number, body: object) => ({
    id,
    custom_id: customId,
    response: { status_code: status, request_id: requestId, body },
    error: null,
  });
  if (verdict === 'not_run') {
    const error = NOT_RUN[finalStatuses(job).end === 'expired' ? 'expired' : 'cancelled'];
    return { row: { id, custom_id: customId, response: null, error }, cost: undefined };
  }
  if (verdict !== 'succeeded') {
    const { status, ...error } = FAILURES[verdict];
    return { row: rowWith(status, { error }), cost: FAILED_ROW };
  }
  const request = line.body as Readonly<Record<string, unknown>>;
  const wrong = job.endpoint === '/v1/chat/completions' ? fileProblem(request) : undefined;
  if (wrong) return { row: rowWith(400, { error: wrong }), cost: FAILED_ROW };
  const inputTokens = estimateTokens(bytes);
  const { body, outputTokens } = replyOf(job.endpoint, {
    body: request,
    inputTokens,
    created: Math.floor(job.createdAt / 1000),
    random: seededRandom(hash),
  });
  return { row: rowWith(200, body), cost: { hasFailed: false, inputTokens, outputTokens } };
}

/** A file must be in the request itself: https://github.com/vercel/ai/issues/7266 has the words. */
function fileProblem({ messages }: Readonly<Record<string, unknown>>): object | undefined {
  for (const [index, message] of (Array.isArray(messages) ? messages : []).entries()) {
    const parts = isObject(message) && Array.isArray(message.content) ? message.content : [];
    const position = parts.findIndex(hasFileUrl);
    if (position < 0) continue;
    const param = `messages[${index}].content[${position}].file.file_data`;
    const text = `Invalid file data: '${param}'. Expected a base64-encoded data URL with an application/pdf MIME type (e.g. 'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ=='), but got an invalid base64-encoded value.`;
    return { message: text, type: 'invalid_request_error', param, code: 'invalid_value' };
  }
  return undefined;
}

function hasFileUrl(part: unknown): boolean {
  const file = isObject(part) && part.type === 'file' ? part.file : undefined;
  return isObject(file) && /^https?:/i.test(String(file.file_data));
}
