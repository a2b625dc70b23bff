import { join } from 'node:path';
import { measureInChild } from '../child.ts';
import { atLeast, type Benchmark } from '../figure.ts';
import { median, medianRatio, RUNS } from '../statistics.ts';
import { megabytesPerSecond } from '../units.ts';
import type { Inspected } from './inspectOnce.ts';

const SHAPE = { requests: 50_000, lineBytes: 4_000 };

export const inspecting: Benchmark = {
  name: 'inspect',
  title: 'Inspection of 50,000 requests in 200 MB: parsed, validated, ids unique, tokens estimated',
  async run() {
    const script = join(import.meta.dirname, 'inspectOnce.ts');
    const { bytes, pairs } = await measureInChild<Inspected>(script, { ...SHAPE, runs: 3 * RUNS });
    const rate = (part: 'parsed' | 'inspected') =>
      median(pairs.map((pair) => megabytesPerSecond(bytes, pair[part])));
    const share = medianRatio(pairs.map(({ parsed, inspected }) => [parsed, inspected]));
    return [
      {
        name: 'inspect-share-of-parse',
        what: 'throughput, share of JSON.parse alone',
        ...{ value: share * 100, unit: '%', goal: atLeast(80) },
      },
      {
        name: 'inspect-throughput',
        what: 'inspection',
        ...{ value: rate('inspected'), unit: 'MB/s' },
      },
      {
        name: 'inspect-parse-throughput',
        what: 'JSON.parse of each line alone',
        ...{ value: rate('parsed'), unit: 'MB/s', isLimit: true },
      },
    ];
  },
};
