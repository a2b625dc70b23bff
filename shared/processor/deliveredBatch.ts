import type { ObjectRef } from '../batch/ports.ts';
import type { ProcessorEvent } from '../batch/processorEvent.ts';
import { joinRows } from '../jsonl/join.ts';
import {
  type FailedRequest,
  failedRequest,
  type Request,
  type SucceededRequest,
  succeededRequest,
} from './rows.ts';

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
