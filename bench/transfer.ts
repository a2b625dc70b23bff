import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measureInChild } from './harness/child.ts';
import {
  atLeast,
  atMost,
  type Benchmark,
  type Figure,
  figure,
  median,
  medianRatio,
  megabytes,
  megabytesPerSecond,
  repeat,
} from './harness/figures.ts';
import { writeLines } from './harness/inputs.ts';
import { inDirectory, withServers } from './harness/servers.ts';
import type { Moved, TransferOptions } from './transferOnce.ts';

/** The most requests that OpenAI accepts in one batch. */
const REQUESTS = 50_000;
const REQUEST_BYTES = 1_000;
const SMALL_ROW_BYTES = 4_000;
/** As many rows with five times the text: memory may grow with their number only. */
const LARGE_ROW_BYTES = 20_000;
const UPLOADED = { requests: REQUESTS, lineBytes: 4_000 };

interface Round {
  readonly discarded: Moved;
  readonly passed: Moved;
  readonly collected: Moved;
}

interface Collected {
  readonly bytes: number;
  /** Each collection with its limits, which are measured right before it. */
  readonly rounds: readonly Round[];
}

export const collectBenchmark: Benchmark = {
  name: 'collect',
  title: 'Results of a job, from the provider into S3 with the ledger',
  async run() {
    const small = await collectRows(SMALL_ROW_BYTES);
    const large = await collectRows(LARGE_ROW_BYTES);
    return figuresOf(small, large);
  },
};

export const uploadBenchmark: Benchmark = {
  name: 'upload',
  title: 'Requests of a job, from S3 to the provider',
  run: () =>
    inDirectory(async (directory) => {
      const file = { kind: 'requests', shape: UPLOADED } as const;
      const content = await writeLines(directory, 'input.jsonl', file);
      const servers = { provider: {}, objects: { content } };
      const runs = await withServers(servers, ({ provider, objects }) => {
        const urls = { providerUrl: provider, objectsUrl: objects };
        return repeat(() => move({ kind: 'submit', ...urls, requests: REQUESTS }));
      });
      const bytes = (await stat(content)).size;
      const peak = median(runs.map(({ peakBytes }) => peakBytes));
      const rate = median(runs.map(({ milliseconds }) => megabytesPerSecond(bytes, milliseconds)));
      return [
        figure('upload-peak-memory', '200 MB: peak memory of the process', megabytes(peak), 'MB', {
          goal: atMost(200),
        }),
        figure('upload-throughput', '200 MB: S3 → provider', rate, 'MB/s'),
      ];
    }),
};

/** Moves the bytes once, in a process of its own. */
function move(options: TransferOptions): Promise<Moved> {
  return measureInChild<Moved>(join(import.meta.dirname, 'transferOnce.ts'), options);
}

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
        const discarded = await move({ kind: 'discard', ...options });
        const passed = await move({ kind: 'pass', ...options });
        return { discarded, passed, collected: await move({ kind: 'collect', ...options }) };
      });
    });
    return { bytes: (await stat(results)).size, rounds };
  });
}

function figuresOf(small: Collected, large: Collected): readonly Figure[] {
  const { bytes, rounds } = small;
  const rate = (part: keyof Round) =>
    median(rounds.map((round) => megabytesPerSecond(bytes, round[part].milliseconds)));
  const shareOf = (limit: keyof Round) =>
    100 *
    medianRatio(rounds.map((round) => [round[limit].milliseconds, round.collected.milliseconds]));
  const smallPeak = peakOf(small);
  const largePeak = peakOf(large);
  return [
    figure(
      'collect-share-of-discard',
      '200 MB: throughput, share of HTTP → discard',
      shareOf('discarded'),
      '%',
      { goal: atLeast(50) },
    ),
    figure(
      'collect-share-of-pass',
      '200 MB: throughput, share of HTTP → S3 unread',
      shareOf('passed'),
      '%',
    ),
    figure('collect-throughput', '200 MB: provider → S3 with ledger', rate('collected'), 'MB/s'),
    figure('discard-throughput', '200 MB: HTTP → discard', rate('discarded'), 'MB/s', {
      isLimit: true,
    }),
    figure('pass-throughput', '200 MB: HTTP → S3 unread', rate('passed'), 'MB/s', {
      isLimit: true,
    }),
    figure('collect-peak-memory', '200 MB: peak memory of the process', smallPeak, 'MB', {
      goal: atMost(200),
    }),
    figure('collect-peak-memory-1-gb', '1 GB: peak memory of the process', largePeak, 'MB'),
    figure(
      'collect-memory-growth',
      '1 GB: peak memory, times that of 200 MB',
      largePeak / smallPeak,
      '×',
      { goal: atMost(1.1) },
    ),
  ];
}

function peakOf({ rounds }: Collected): number {
  return megabytes(median(rounds.map(({ collected }) => collected.peakBytes)));
}
