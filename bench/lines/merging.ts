import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measureInChild } from '../child.ts';
import { atLeast, atMost, type Benchmark } from '../figure.ts';
import { inDirectory } from '../inDirectory.ts';
import { type OrderName, writeLines } from '../inputs/files.ts';
import { median, medianRatio, repeat } from '../statistics.ts';
import { megabytes, megabytesPerSecond } from '../units.ts';
import type { Merged, MergeOptions } from './mergeOnce.ts';

const REQUESTS = 200_000;
const INPUT = { requests: REQUESTS, lineBytes: 500 };
const RESULTS = { requests: REQUESTS, lineBytes: 1_000 };

interface Measured {
  readonly bytes: number;
  readonly pairs: readonly { readonly parsed: Merged; readonly merged: Merged }[];
}

export const merging: Benchmark = {
  name: 'merge',
  title: 'Merge of 200,000 results by custom_id into the order of the input',
  async run() {
    const { bytes, pairs } = await mergeResults('nearly as asked');
    const shuffled = await mergeResults('shuffled');
    const rate = (part: 'parsed' | 'merged') =>
      median(pairs.map((pair) => megabytesPerSecond(bytes, pair[part].milliseconds)));
    return [
      {
        name: 'merge-share-of-parse',
        what: 'throughput, share of JSON.parse alone',
        ...{ value: shareOf(pairs), unit: '%', goal: atLeast(50) },
      },
      { name: 'merge-throughput', what: 'merge', value: rate('merged'), unit: 'MB/s' },
      {
        name: 'merge-parse-throughput',
        what: 'JSON.parse of each line of both files alone',
        ...{ value: rate('parsed'), unit: 'MB/s', isLimit: true },
      },
      {
        name: 'merge-memory-above-base',
        what: 'peak memory above that of the idle process',
        ...{ value: megabytes(growthOf(pairs)), unit: 'MB', goal: atMost(130) },
      },
      {
        name: 'merge-shuffled-share-of-parse',
        what: 'rows in no order at all: throughput, share of JSON.parse alone',
        ...{ value: shareOf(shuffled.pairs), unit: '%' },
      },
      {
        name: 'merge-shuffled-memory-above-base',
        what: 'rows in no order at all: peak memory above that of the idle process',
        ...{ value: megabytes(growthOf(shuffled.pairs)), unit: 'MB', goal: atMost(130) },
      },
    ];
  },
};

function mergeResults(order: OrderName): Promise<Measured> {
  return inDirectory(async (directory) => {
    const input = await writeLines(directory, 'input.jsonl', { kind: 'requests', shape: INPUT });
    const results = await writeLines(directory, 'results.jsonl', {
      ...{ kind: 'results', shape: RESULTS, order },
    });
    const script = join(import.meta.dirname, 'mergeOnce.ts');
    const measure = (parseOnly: boolean) => {
      const options: MergeOptions = { input, results, requests: REQUESTS, parseOnly };
      return measureInChild<Merged>(script, options);
    };
    const pairs = await repeat(async () => ({
      parsed: await measure(true),
      merged: await measure(false),
    }));
    return { bytes: (await stat(input)).size + (await stat(results)).size, pairs };
  });
}

function shareOf(pairs: Measured['pairs']): number {
  const times = pairs.map(({ parsed, merged }) => [parsed.milliseconds, merged.milliseconds]);
  return medianRatio(times as [number, number][]) * 100;
}

function growthOf(pairs: Measured['pairs']): number {
  return median(pairs.map(({ merged }) => merged.peakBytes - merged.baseBytes));
}
