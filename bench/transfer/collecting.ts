import { stat } from 'node:fs/promises';
import { atLeast, atMost, type Benchmark, type Figure } from '../figure.ts';
import { inDirectory } from '../inDirectory.ts';
import { writeLines } from '../inputs/files.ts';
import { withServers } from '../servers/withServers.ts';
import { median, medianRatio, repeat } from '../statistics.ts';
import { megabytes, megabytesPerSecond } from '../units.ts';
import { type Moved, move } from './transfer.ts';

/** The most that OpenAI takes in one batch. */
const REQUESTS = 50_000;
const REQUEST_BYTES = 1_000;
const SMALL_ROW_BYTES = 4_000;
/** The same requests with five times the text: memory may grow with their number only. */
const LARGE_ROW_BYTES = 20_000;

interface Round {
  readonly discarded: Moved;
  readonly passed: Moved;
  readonly collected: Moved;
}

interface Collected {
  readonly bytes: number;
  /** Each collection with its limits, which were measured right before it. */
  readonly rounds: readonly Round[];
}

export const collecting: Benchmark = {
  name: 'collect',
  title: 'Results of a job, from the provider into S3 with the ledger',
  async run() {
    const small = await collectRows(SMALL_ROW_BYTES);
    const large = await collectRows(LARGE_ROW_BYTES);
    return figuresOf(small, large);
  },
};

function collectRows(lineBytes: number): Promise<Collected> {
  return inDirectory(async (directory) => {
    const results = await writeLines(directory, 'results.jsonl', {
      kind: 'results',
      shape: { requests: REQUESTS, lineBytes },
      order: 'nearly as asked',
    });
    const input = await writeLines(directory, 'input.jsonl', {
      kind: 'requests',
      shape: { requests: REQUESTS, lineBytes: REQUEST_BYTES },
    });
    const servers = { provider: { content: results }, objects: { content: input } };
    const rounds = await withServers(servers, ({ provider, objects }) => {
      const options = { providerUrl: provider, objectsUrl: objects, requests: REQUESTS };
      return repeat(async () => {
        const discarded = await move('discardOnce.ts', options);
        const passed = await move('passOnce.ts', options);
        return { discarded, passed, collected: await move('collectOnce.ts', options) };
      });
    });
    return { bytes: (await stat(results)).size, rounds };
  });
}

function figuresOf(small: Collected, large: Collected): readonly Figure[] {
  const rate = (part: keyof Round) =>
    median(small.rounds.map((round) => megabytesPerSecond(small.bytes, round[part].milliseconds)));
  const peak = ({ rounds }: Collected) =>
    median(rounds.map(({ collected }) => collected.peakBytes));
  const shareOf = (limit: keyof Round) =>
    100 *
    medianRatio(
      small.rounds.map((round) => [round[limit].milliseconds, round.collected.milliseconds]),
    );
  return [
    {
      name: 'collect-share-of-discard',
      what: '200 MB: throughput, share of HTTP → discard',
      ...{ value: shareOf('discarded'), unit: '%', goal: atLeast(50) },
    },
    {
      name: 'collect-share-of-pass',
      what: '200 MB: throughput, share of HTTP → S3 unread',
      ...{ value: shareOf('passed'), unit: '%' },
    },
    {
      name: 'collect-throughput',
      what: '200 MB: provider → S3 with ledger',
      ...{ value: rate('collected'), unit: 'MB/s' },
    },
    {
      name: 'discard-throughput',
      what: '200 MB: HTTP → discard',
      ...{ value: rate('discarded'), unit: 'MB/s', isLimit: true },
    },
    {
      name: 'pass-throughput',
      what: '200 MB: HTTP → S3 unread',
      ...{ value: rate('passed'), unit: 'MB/s', isLimit: true },
    },
    {
      name: 'collect-peak-memory',
      what: '200 MB: peak memory of the process',
      ...{ value: megabytes(peak(small)), unit: 'MB', goal: atMost(200) },
    },
    {
      name: 'collect-peak-memory-1-gb',
      what: '1 GB: peak memory of the process',
      ...{ value: megabytes(peak(large)), unit: 'MB' },
    },
    {
      name: 'collect-memory-growth',
      what: '1 GB: peak memory, times that of 200 MB',
      ...{ value: peak(large) / peak(small), unit: '×', goal: atMost(1.1) },
    },
  ];
}
