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

const SHAPE = { requests: 50_000, lineBytes: 4_000 };

export const inspectBenchmark: Benchmark = {
  name: 'inspect',
  title: 'Inspection of 50,000 requests in 200 MB: parsed, validated, ids unique, tokens estimated',
  async run() {
    const script = join(import.meta.dirname, 'inspectOnce.ts');
    const { bytes, pairs } = await measureInChild<Inspected>(script, { ...SHAPE, runs: 3 * RUNS });
    const rate = (part: 'parsed' | 'inspected') =>
      median(pairs.map((pair) => megabytesPerSecond(bytes, pair[part])));
    const share = 100 * medianRatio(pairs.map(({ parsed, inspected }) => [parsed, inspected]));
    return [
      figure('inspect-share-of-parse', 'throughput, share of JSON.parse alone', share, '%', {
        goal: atLeast(80),
      }),
      figure('inspect-throughput', 'inspection', rate('inspected'), 'MB/s'),
      figure('inspect-parse-throughput', 'JSON.parse of each line alone', rate('parsed'), 'MB/s', {
        isLimit: true,
      }),
    ];
  },
};
