import type { ObjectStore } from '../../shared/batch/ports.ts';
import { inspect } from '../../shared/usecases/work/inspect.ts';
import { finish, optionsOf } from '../childResult.ts';
import { benchDependencies, openAiAt } from '../dependencies.ts';
import { chunksOf, requestLine, type Shape } from '../inputs/lines.ts';
import { inspectingBatch } from '../inputs/records.ts';
import { repeat } from '../statistics.ts';
import { linesIn, parseAll } from './parseAll.ts';

/** Inspects an input as the worker does, and parses its lines, in turns. */
export interface Inspected {
  readonly bytes: number;
  /** Milliseconds. */
  readonly pairs: readonly { readonly parsed: number; readonly inspected: number }[];
}

/** What a stream from S3 hands on at a time, in bytes. */
const CHUNK_BYTES = 64 * 1024;

const { runs, ...shape } = optionsOf<Shape & { readonly runs: number }>();
const input = Buffer.concat([...chunksOf(requestLine, shape)]);
const lines = linesIn(input);
const objects = inMemory(input);
const dependencies = benchDependencies({ objects, providers: openAiAt('', objects) });

// The first turn compiles both.
const [, ...pairs] = await repeat(
  async () => ({ parsed: parseAll(lines), inspected: await inspectAll() }),
  runs + 1,
);
finish({ bytes: input.length, pairs } satisfies Inspected);

async function inspectAll(): Promise<number> {
  const startedAt = performance.now();
  const deadline = Date.now() + 15 * 60_000;
  const task = { batch: inspectingBatch(), token: 'token', deadline };
  const event = await inspect(dependencies, task);
  if (event.type !== 'inspected' || event.input.requests !== shape.requests)
    throw new Error(`not all was inspected: ${JSON.stringify(event)}`);
  return performance.now() - startedAt;
}

/** A bucket whose objects all hold the same, at no cost. */
function inMemory(bytes: Buffer): ObjectStore {
  return {
    bucket: 'bucket',
    head: async () => ({ bytes: bytes.length, etag: '"etag"' }),
    copy: async () => {},
    async *read() {
      for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
        yield bytes.subarray(start, start + CHUNK_BYTES);
    },
    writer: () => ({
      write: async () => {},
      close: async () => ({ etag: '' }),
      abort: async () => {},
    }),
  };
}
