import type { ProcessorEvent } from '../batch/contracts.ts';
import { NO_USAGE, type Usage } from '../batch/job.ts';
import type { ObjectRef } from '../batch/ports.ts';
import { type JoinedRow, joinRows } from '../jsonl/join.ts';
import { parseRow, type ResultRow, usageOfRow } from '../jsonl/rows.ts';

/** Streams an object; a connection that breaks throws, it never ends early. */
export type ReadObject = (object: ObjectRef) => AsyncIterable<Uint8Array>;

/**
 * A batch as it is delivered: the event's fields, and its rows as streams. Each is in the order of
 * the input, joined with the request by `custom_id`, and takes the same little memory for any
 * number of rows. Each call starts from the beginning; leaving a loop early is fine.
 */
export class DeliveredBatch {
  /** The event that the function was invoked with. */
  readonly event: ProcessorEvent;
  readonly #read: ReadObject;

  constructor(event: ProcessorEvent, read: ReadObject) {
    this.event = event;
    this.#read = read;
  }

  get batchId(): string {
    return this.event.batchId;
  }

  /** The idempotency key: the same however often this delivery is repeated. */
  get deliveryId(): string {
    return this.event.deliveryId;
  }

  get metadata(): ProcessorEvent['metadata'] {
    return this.event.metadata;
  }

  get counts(): ProcessorEvent['counts'] {
    return this.event.counts;
  }

  /**
   * The requests that succeeded.
   *
   * @typeParam Body what the batch's endpoint answers with. Taken on trust, not checked.
   */
  async *results<Body = unknown>(): AsyncGenerator<SucceededRequest<Body>> {
    const { input, results } = this.event;
    for await (const row of joinRows({ input: this.#read(input), results: this.#read(results) })) {
      if (row.result) yield succeededRequest(row, row.result) as SucceededRequest<Body>;
    }
  }

  /** The requests that did not: those that failed for good, and those that never got their turn. */
  async *errors(): AsyncGenerator<FailedRequest> {
    const { input, errors } = this.event;
    for await (const row of joinRows({ input: this.#read(input), errors: this.#read(errors) })) {
      if (row.error) yield failedRequest(row, row.error);
    }
  }

  /** Every request with what became of it: `'error' in row` tells the failed ones. */
  async *rows<Body = unknown>(): AsyncGenerator<SucceededRequest<Body> | FailedRequest> {
    const { input, results, errors } = this.event;
    const sources = {
      input: this.#read(input),
      results: this.#read(results),
      errors: this.#read(errors),
    };
    for await (const row of joinRows(sources)) {
      if (row.result) yield succeededRequest(row, row.result) as SucceededRequest<Body>;
      else if (row.error) yield failedRequest(row, row.error);
      else throw new Error(`request ${row.customId} has no row: batch ${this.batchId} is damaged`);
    }
  }

  /** All requests, as they were sent. */
  async *requests(): AsyncGenerator<Request> {
    for await (const { request } of joinRows({ input: this.#read(this.event.input) })) {
      yield JSON.parse(request.toString());
    }
  }
}

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
