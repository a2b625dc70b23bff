import { join } from 'node:path';
import { measureInChild } from './harness/child.ts';
import {
  atLeast,
  type Benchmark,
  figure,
  median,
  medianRatio,
  megabytesPerSecond,
  RUNS,
} from './harness/figures.ts';
import type { Inspected } from './inspectOnce.ts';

const REQUESTS = 50_000;

export const inspectBenchmark: Benchmark = {
  name: 'inspect',
  title: 'Inspection of 50,000 requests in 200 MB: parsed, validated, ids unique, tokens estimated',
  async run() {
    const { bytes, pairs } = await measure(4_000);
    const small = await measure(1_000);
    const rate = (part: 'parsed' | 'inspected') =>
      median(pairs.map((pair) => megabytesPerSecond(bytes, pair[part])));
    const of1KB = 'of lines of 1 KB: throughput, share of JSON.parse alone';
    return [
      figure('inspect-share-of-parse', 'throughput, share of JSON.parse alone', share(pairs), '%', {
        goal: atLeast(100),
      }),
      figure('inspect-share-of-parse-1-kb', of1KB, share(small.pairs), '%', { goal: atLeast(90) }),
      figure('inspect-throughput', 'inspection', rate('inspected'), 'MB/s'),
      figure('inspect-parse-throughput', 'JSON.parse of each line alone', rate('parsed'), 'MB/s', {
        isLimit: true,
      }),
    ];
  },
};

function measure(lineBytes: number): Promise<Inspected> {
  const script = join(import.meta.dirname, 'inspectOnce.ts');
  return measureInChild<Inspected>(script, { requests: REQUESTS, lineBytes, runs: 3 * RUNS });
}

function share(pairs: Inspected['pairs']): number {
  return 100 * medianRatio(pairs.map(({ parsed, inspected }) => [parsed, inspected]));
}
