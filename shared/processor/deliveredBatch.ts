import type { ProcessorEvent } from '../batch/contracts.ts';
import { NO_USAGE, type Usage } from '../batch/job.ts';
import type { ObjectRef } from '../batch/ports.ts';
import { type JoinedRow, joinRows } from '../jsonl/join.ts';
import { parseRow, type ResultRow, usageOfRow } from '../jsonl/rows.ts';

/** Streams an object. If the connection breaks it throws; it never ends early. */
export type ReadObject = (object: ObjectRef) => AsyncIterable<Uint8Array>;

/**
 * A delivered batch: the fields of the event, and the rows as streams in the order of the input,
 * each with its request. A stream takes constant memory for any number of rows. Every call starts
 * from the beginning, and a loop over it can be left early. A stream throws if a file cannot be read
 * to its end.
 */
export class DeliveredBatch {
  /** The event that the function was invoked with. */
  readonly event: ProcessorEvent;
  readonly #read: ReadObject;

  constructor(event: ProcessorEvent, read: ReadObject) {
    this.event = event;
    this.#read = read;
  }

  /** The id of the batch. */
  get batchId(): string {
    return this.event.batchId;
  }

  /** The idempotency key. It stays the same however often this delivery is repeated. */
  get deliveryId(): string {
    return this.event.deliveryId;
  }

  /** Who the batch belongs to; undefined if to no tenant. */
  get tenant(): ProcessorEvent['tenant'] {
    return this.event.tenant;
  }

  /** The metadata that the batch was added with. */
  get metadata(): ProcessorEvent['metadata'] {
    return this.event.metadata;
  }

  /** Numbers of requests: `total`, `succeeded`, `failed` and `unfinished`. */
  get counts(): ProcessorEvent['counts'] {
    return this.event.counts;
  }

  /**
   * Streams the requests that succeeded.
   *
   * @typeParam Body the type of the endpoint's answer. It is not checked.
   */
  async *results<Body = unknown>(): AsyncGenerator<SucceededRequest<Body>> {
    const { input, results } = this.event;
    for await (const row of joinRows({ input: this.#read(input), results: this.#read(results) })) {
      if (row.result) yield succeededRequest(row, row.result) as SucceededRequest<Body>;
    }
  }

  /** Streams the requests that did not succeed: those that failed, and those that were never answered. */
  async *errors(): AsyncGenerator<FailedRequest> {
    const { input, errors } = this.event;
    for await (const row of joinRows({ input: this.#read(input), errors: this.#read(errors) })) {
      if (row.error) yield failedRequest(row, row.error);
    }
  }

  /**
   * Streams every request with its result or its error: `'error' in row` is true for an error.
   *
   * @typeParam Body the type of the endpoint's answer. It is not checked.
   * @throws Error if a request has neither
   */
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

  /** Streams all requests as they were sent. */
  async *requests(): AsyncGenerator<BatchRequest> {
    for await (const { request } of joinRows({ input: this.#read(this.event.input) })) {
      yield JSON.parse(request.toString());
    }
  }
}

/** A line of the input, in the OpenAI batch format. */
export interface BatchRequest {
  readonly custom_id: string;
  readonly method: 'POST';
  readonly url: string;
  readonly body: { readonly model: string; readonly [parameter: string]: unknown };
}

/** The answer of the provider. */
export interface BatchResponse<Body = unknown> {
  readonly status_code: number;
  readonly request_id: string;
  /** In the format of the request's endpoint, for example a chat completion. */
  readonly body: Body;
}

export interface SucceededRequest<Body = unknown> {
  readonly customId: string;
  readonly request: BatchRequest;
  readonly response: BatchResponse<Body>;
  /** Numbers of tokens; 0 if the answer names none. */
  readonly usage: Usage;
}

export interface FailedRequest {
  readonly customId: string;
  readonly request: BatchRequest;
  /** The answer of the provider; null if there is none. */
  readonly response: BatchResponse | null;
  /** Why it failed: the reason of the endpoint if it answered with an error, otherwise of the handler. */
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
  return {
    customId: joined.customId,
    request,
    response: row.response ?? null,
    error: errorOf(row),
  };
}

/** The inspection has checked that it is a request. */
function requestOf({ request }: JoinedRow): BatchRequest {
  return JSON.parse(request.toString());
}

/** The error of the row, or, if that is null, the error in the answer of the endpoint. */
function errorOf({ response, error }: Partial<ResultRow>): FailedRequest['error'] {
  const body = response?.body as { error?: { [field: string]: unknown } | null } | null | undefined;
  const reason = error ?? body?.error;
  const status = response?.status_code ?? 'unknown';
  return {
    code: text(reason?.code) ?? `http_${status}`,
    message: text(reason?.message) ?? `the provider answered with status ${status}`,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
