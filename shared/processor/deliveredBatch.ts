import type { ObjectRef } from '../batch/ports.ts';
import type { ProcessorEvent } from '../batch/processorEvent.ts';
import { joinRows } from '../jsonl/join.ts';
import { lines } from '../jsonl/lines.ts';
import { parseRow } from '../jsonl/rows.ts';
import type { FailedRequest, Request, SucceededRequest } from './rows.ts';

/** Streams an object; a connection that breaks throws, it never ends early. */
export type ReadObject = (object: ObjectRef) => AsyncIterable<Uint8Array>;

/**
 * A batch as it is delivered: the event's fields, and its rows as streams. Each is in the order of
 * the input, joined with the request by `custom_id`, and takes the same little memory for any
 * number of rows. Each call starts from the beginning.
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

  /** The requests that succeeded. */
  async *results(): AsyncGenerator<SucceededRequest> {
    const { input, results } = this.event;
    for await (const row of joinRows({ input: this.#read(input), results: this.#read(results) })) {
      if (row.result) yield succeeded(row.customId, row.request, row.result);
    }
  }

  /** The requests that did not: those that failed for good, and those that never got their turn. */
  async *errors(): AsyncGenerator<FailedRequest> {
    const { input, errors } = this.event;
    for await (const row of joinRows({ input: this.#read(input), errors: this.#read(errors) })) {
      if (row.error) yield failed(row.customId, row.request, row.error);
    }
  }

  /** All requests, as they were sent. */
  async *requests(): AsyncGenerator<Request> {
    for await (const { bytes } of lines(this.#read(this.event.input))) yield parse(bytes);
  }
}

function succeeded(customId: string, line: Buffer, bytes: Buffer): SucceededRequest {
  const { response } = parseRow(bytes);
  if (!response) throw new Error(`the row of ${customId} is among the results without a response`);
  return { customId, request: parse(line), response };
}

function failed(customId: string, line: Buffer, bytes: Buffer): FailedRequest {
  const { response, error } = parseRow(bytes);
  const status = response?.status_code;
  return {
    customId,
    request: parse(line),
    response: response ?? null,
    error: {
      code: error?.code ?? `http_${status ?? 'unknown'}`,
      message: error?.message ?? `the provider answered with status ${status ?? 'unknown'}`,
    },
  };
}

/** Inspected before it was sent: it has the shape of a request. */
function parse(line: Buffer): Request {
  return JSON.parse(line.toString());
}
