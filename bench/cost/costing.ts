import { DEFAULT_POLICY } from '../../shared/config.ts';
import type { Benchmark } from '../figure.ts';
import { observeStack, REFERENCE } from '../stack/observe.ts';
import { costOf, totalOf } from './cost.ts';
import type { Load } from './load.ts';

const DAY_SECONDS = 24 * 60 * 60;
const BYTES = REFERENCE.requests * REFERENCE.lineBytes;

const LOAD: Load = {
  batchesPerDay: 1_000,
  jobHours: 1,
  inputBytes: BYTES,
  resultBytes: BYTES,
  retentionDays: DEFAULT_POLICY.retentionSeconds / DAY_SECONDS,
};

export const costing: Benchmark = {
  name: 'cost',
  title: 'AWS cost of 1,000 batches a day, each of 1,000 requests of 2 KB, at list prices',
  async run() {
    const { usage } = await observeStack();
    const cost = costOf(LOAD, usage);
    const idle = costOf({ ...LOAD, batchesPerDay: 0 }, usage);
    const parts = Object.entries(cost).toSorted(([, one], [, other]) => other - one);
    return [
      figure('cost-month', 'all, a month of 30 days', totalOf(cost)),
      figure('cost-month-idle', 'of which without any batch', totalOf(idle)),
      ...parts.map(([service, dollars]) =>
        figure(`cost-${service.toLowerCase().replaceAll(' ', '-')}`, service, dollars),
      ),
    ];
  },
};

function figure(name: string, what: string, value: number) {
  return { name, what, value, unit: '$' };
}
