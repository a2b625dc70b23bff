import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { customIdOf, lineGroups } from '../shared/jsonl/lines.ts';
import { mergeRows } from '../shared/jsonl/merge.ts';
import { diskScratch } from '../shared/jsonl/scratch.ts';
import { Spool } from '../shared/jsonl/spool.ts';
import { RowWindow } from '../shared/jsonl/window.ts';
import { linesIn, parseAll } from './harness/inputs.ts';
import { finish, optionsOf, peakBytes, residentBytes, type Used, used } from './harness/process.ts';

/** Merges the results of a job into the order of its input, once. */
export interface MergeOptions {
  /** Paths of the input and of the results. */
  readonly input: string;
  readonly results: string;
  readonly requests: number;
  /** Only parses every line of both files instead of merging them. */
  readonly parseOnly: boolean;
}

export interface Merged extends Used {
  /** Memory of the process before it began. */
  readonly baseBytes: number;
  /** The most memory that it has held. */
  readonly peakBytes: number;
}

/** Larger chunks than those of a socket, because reading the files is not what is measured. */
const READING = { highWaterMark: 256 * 1024 };

const options = optionsOf<MergeOptions>();
const baseBytes = residentBytes();
const took = options.parseOnly ? await parseBoth(options) : await used(() => merge(options));
finish({ ...took, baseBytes, peakBytes: peakBytes() } satisfies Merged);

async function merge({ input, results, requests }: MergeOptions): Promise<void> {
  const file = await diskScratch().create();
  const discard = { write: async () => {} };
  const isInAnyOrder = true;
  const spool = new Spool(rowsOf(results), new RowWindow(file), isInAnyOrder);
  const { counts, foreign } = await mergeRows(
    { ids: idsOf(input) },
    spool,
    { results: discard, errors: discard },
    {
      selection: 'unfinished',
      conclude: () => ({ code: 'request_missing', message: 'there is no row for this request' }),
      keepPrevious: false,
    },
  );
  await file.remove();
  if (counts.succeeded !== requests || foreign > 0)
    throw new Error(`not all rows were merged: ${JSON.stringify({ counts, foreign })}`);
}

async function* idsOf(path: string): AsyncGenerator<readonly string[]> {
  for await (const group of lineGroups(createReadStream(path, READING)))
    yield group.map(({ bytes }) => customIdOf(bytes));
}

async function* rowsOf(path: string): AsyncGenerator<readonly Uint8Array[]> {
  for await (const group of lineGroups(createReadStream(path, READING)))
    yield group.map(({ bytes }) => bytes);
}

/** What it takes to parse the lines of both files, which have been read before. */
async function parseBoth({ input, results }: MergeOptions): Promise<Used> {
  let milliseconds = 0;
  let cpuMilliseconds = 0;
  for (const path of [input, results]) {
    const lines = linesIn(await readFile(path));
    const one = await used(async () => parseAll(lines));
    milliseconds += one.milliseconds;
    cpuMilliseconds += one.cpuMilliseconds;
  }
  return { milliseconds, cpuMilliseconds };
}
