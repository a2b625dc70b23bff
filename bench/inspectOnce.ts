import type { ObjectStore } from '../shared/batch/ports.ts';
import { inspect } from '../shared/usecases/work/inspect.ts';
import { benchDependencies, openAiAt } from './harness/dependencies.ts';
import { repeat, timed } from './harness/figures.ts';
import { chunksOf, linesIn, parseAll, requestLine, type Shape } from './harness/inputs.ts';
import { finish, optionsOf } from './harness/process.ts';
import { inspectingBatch } from './harness/records.ts';

/** Parses the lines of an input and inspects it as the worker does, in turns. */
export interface Inspected {
  readonly bytes: number;
  /** In milliseconds. */
  readonly pairs: readonly { readonly parsed: number; readonly inspected: number }[];
}

/** Size of the chunks of a stream from S3. */
const CHUNK_BYTES = 64 * 1024;

const { runs, ...shape } = optionsOf<Shape & { readonly runs: number }>();
const input = Buffer.concat([...chunksOf(requestLine, shape)]);
const lines = linesIn(input);
const objects = inMemory(input);
const dependencies = benchDependencies({ objects, providers: openAiAt('', objects) });

// The first turn is left out, because the engine compiles the code in it.
const [, ...pairs] = await repeat(
  async () => ({ parsed: parseAll(lines), inspected: await timed(inspectAll) }),
  runs + 1,
);
finish({ bytes: input.length, pairs } satisfies Inspected);

async function inspectAll(): Promise<void> {
  const deadline = Date.now() + 15 * 60_000;
  const task = { batch: inspectingBatch(), token: 'token', deadline };
  const event = await inspect(dependencies, task);
  if (event.type !== 'inspected' || event.input.requests !== shape.requests)
    throw new Error(`not all requests were inspected: ${JSON.stringify(event)}`);
}

/** A bucket in memory, of which every object has the same content. */
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
