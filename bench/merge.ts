import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measureInChild } from './harness/child.ts';
import {
  atLeast,
  atMost,
  type Benchmark,
  figure,
  type Goal,
  median,
  megabytes,
  megabytesPerSecond,
  repeat,
  shareFigures,
} from './harness/figures.ts';
import { type OrderName, writeLines } from './harness/inputs.ts';
import { inDirectory } from './harness/servers.ts';
import type { Merged, MergeOptions } from './mergeOnce.ts';

const REQUESTS = 200_000;
const INPUT = { requests: REQUESTS, lineBytes: 500 };
const RESULTS = { requests: REQUESTS, lineBytes: 1_000 };

interface Measured {
  readonly bytes: number;
  readonly pairs: readonly { readonly parsed: Merged; readonly merged: Merged }[];
}

export const mergeBenchmark: Benchmark = {
  name: 'merge',
  title: 'Merge of 200,000 results by custom_id into the order of the input',
  async run() {
    const ordered = await mergeResults('nearly as asked');
    const { bytes, pairs } = ordered;
    const shuffled = await mergeResults('shuffled');
    const rate = (part: 'parsed' | 'merged') =>
      median(pairs.map((pair) => megabytesPerSecond(bytes, pair[part].milliseconds)));
    const memoryGoal = { goal: atMost(130) };
    const noOrder = 'rows in no order at all';
    return [
      ...sharesOf('merge', 'throughput', ordered.pairs, atLeast(150)),
      figure('merge-throughput', 'merge', rate('merged'), 'MB/s'),
      figure(
        'merge-parse-throughput',
        'JSON.parse of each line of both files alone',
        rate('parsed'),
        'MB/s',
        { isLimit: true },
      ),
      figure(
        'merge-memory-above-base',
        'peak memory above that of the idle process',
        growthOf(pairs),
        'MB',
        memoryGoal,
      ),
      ...sharesOf('merge-shuffled', `${noOrder}: throughput`, shuffled.pairs, atLeast(90)),
      figure(
        'merge-shuffled-memory-above-base',
        `${noOrder}: peak memory above that of the idle process`,
        growthOf(shuffled.pairs),
        'MB',
        memoryGoal,
      ),
    ];
  },
};

function mergeResults(order: OrderName): Promise<Measured> {
  return inDirectory(async (directory) => {
    const input = await writeLines(directory, 'input.jsonl', { kind: 'requests', shape: INPUT });
    const results = await writeLines(directory, 'results.jsonl', {
      kind: 'results',
      shape: RESULTS,
      order,
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

function sharesOf(name: string, what: string, pairs: Measured['pairs'], goal: Goal) {
  const compared = pairs.map(({ parsed, merged }) => [parsed, merged] as const);
  return shareFigures(
    `${name}-share-of-parse`,
    `${what}, share of JSON.parse alone`,
    compared,
    goal,
  );
}

function growthOf(pairs: Measured['pairs']): number {
  return megabytes(median(pairs.map(({ merged }) => merged.peakBytes - merged.baseBytes)));
}
