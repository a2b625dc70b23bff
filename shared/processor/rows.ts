import { NO_USAGE, type Usage } from '../batch/job.ts';
import type { JoinedRow } from '../jsonl/join.ts';
import { parseRow, type ResultRow, usageOfRow } from '../jsonl/rows.ts';

/** A line of the input, in the OpenAI batch format. */
export interface Request {
  readonly custom_id: string;
  readonly method: 'POST';
  readonly url: string;
  readonly body: { readonly model: string; readonly [parameter: string]: unknown };
}

/** What the provider answered. */
export interface Response<Body = unknown> {
  readonly status_code: number;
  readonly request_id: string;
  /** In the format of the request's endpoint, for example a chat completion. */
  readonly body: Body;
}

export interface SucceededRequest<Body = unknown> {
  readonly customId: string;
  readonly request: Request;
  readonly response: Response<Body>;
  /** Tokens. 0 where the answer names none. */
  readonly usage: Usage;
}

export interface FailedRequest {
  readonly customId: string;
  readonly request: Request;
  /** Null if the request was never answered. */
  readonly response: Response | null;
  /** Why it failed: the batch's word or, where the endpoint answered with an error, the endpoint's. */
  readonly error: { readonly code: string; readonly message: string };
}

export function succeededRequest(joined: JoinedRow, result: Buffer): SucceededRequest {
  const { customId } = joined;
  const row = parseRow(result);
  if (!row.response) {
    throw new Error(`the row of ${customId} is among the results without a response`);
  }
  const usage = usageOfRow(row) ?? NO_USAGE;
  return { customId, request: requestOf(joined), response: row.response, usage };
}

export function failedRequest(joined: JoinedRow, error: Buffer): FailedRequest {
  const row = parseRow(error);
  const request = requestOf(joined);
  return { customId: joined.customId, request, response: row.response ?? null, error: whyOf(row) };
}

/** Inspected before it was sent: it has the shape of a request. */
function requestOf({ request }: JoinedRow): Request {
  return JSON.parse(request.toString());
}

/** An endpoint that refused a request says so in its answer, and `error` of the row is null. */
function whyOf({ response, error }: Partial<ResultRow>): FailedRequest['error'] {
  const body = response?.body as { error?: { [field: string]: unknown } | null } | null | undefined;
  const said = error ?? body?.error;
  const status = response?.status_code ?? 'unknown';
  return {
    code: text(said?.code) ?? `http_${status}`,
    message: text(said?.message) ?? `the provider answered with status ${status}`,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
