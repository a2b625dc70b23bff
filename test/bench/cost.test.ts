import { expect, it } from 'vitest';
import { costOf, type Load, totalOf } from '../../bench/cost.ts';
import type { FunctionUsage, Usage } from '../../bench/usage.ts';

const LOAD: Load = {
  batchesPerDay: 1_000,
  jobHours: 1,
  inputBytes: 1e6,
  resultBytes: 1e6,
  retentionDays: 100,
  inputRetentionDays: 10,
};
const NOTHING: FunctionUsage = {
  ...{ memoryMiB: 1_769, storageMiB: 0, milliseconds: 0, invocationsPerBatch: 0 },
};
const USAGE: Usage = {
  functions: {
    ...{ Intake: NOTHING, Sweeper: NOTHING, Outcome: NOTHING, Processor: NOTHING },
    Worker: { memoryMiB: 1_024, storageMiB: 1_024, milliseconds: 400, invocationsPerBatch: 2 },
  },
  recordWrites: 10,
  recordBytes: 2_500,
  logBytesPerBatch: 10_000,
  logBytesPerSweep: 1_000,
  ...{ metrics: 10, idleMetrics: 4, alarms: 3, dashboards: 1, isTraced: false },
  ...{ secrets: 1, sweepsPerDay: 1_440 },
};

it('cost follows the number of batches', () => {
  const idle = costOf({ ...LOAD, batchesPerDay: 0 }, USAGE);
  const once = costOf(LOAD, USAGE);
  const twice = costOf({ ...LOAD, batchesPerDay: 2_000 }, USAGE);
  const thrice = costOf({ ...LOAD, batchesPerDay: 3_000 }, USAGE);
  expect(totalOf(twice) - totalOf(once)).toBeCloseTo(totalOf(thrice) - totalOf(twice), 6);
  expect(totalOf(once)).toBeGreaterThan(totalOf(idle));
  expect(idle['S3 storage']).toBe(0);
});

it('cost includes the files for as long as they are kept', () => {
  // 1,000 batches a day of 1 MB for 100 days are 100 GB, and two copies of 1 MB for 10 days 20 GB.
  expect(costOf(LOAD, USAGE)['S3 storage']).toBeCloseTo(120 * 0.023, 6);
});

it('cost includes the duration of functions by memory, disk and share of a CPU', () => {
  const { Lambda: whole } = costOf(LOAD, USAGE);
  const seconds = 60_000 * ((0.4 * 1_769) / 1_024 + 0.1);
  const sweeps = 43_200 * 0.1 * (1_769 / 1_024);
  const requests = (60_000 + 43_200) * 0.2e-6;
  const expected = seconds * (0.0000133334 + 0.0000000309) + sweeps * 0.0000133334 + requests;
  expect(whole).toBeCloseTo(expected, 6);
});

it('cost includes metrics, alarms and the dashboard by the month', () => {
  const idle = costOf({ ...LOAD, batchesPerDay: 0 }, USAGE);
  expect(costOf(LOAD, USAGE)['CloudWatch metrics']).toBeCloseTo(10 * 0.3, 6);
  expect(idle['CloudWatch metrics']).toBeCloseTo(4 * 0.3, 6);
  expect(idle['CloudWatch alarms']).toBeCloseTo(3 * 0.1, 6);
  expect(idle['CloudWatch dashboard']).toBe(3);
});

it('cost includes traces only if there are any', () => {
  expect(costOf(LOAD, USAGE)['X-Ray']).toBe(0);
  const { 'X-Ray': traced } = costOf(LOAD, { ...USAGE, isTraced: true });
  expect(traced).toBeCloseTo((60_000 + 43_200) * 5e-6, 6);
});

it('cost includes writes by the size of the record', () => {
  const small = costOf(LOAD, { ...USAGE, recordBytes: 1_000 }).DynamoDB;
  const large = costOf(LOAD, { ...USAGE, recordBytes: 3_000 }).DynamoDB;
  // Two more units for each of ten writes of 30,000 batches, and for the two when the input is removed.
  expect(large - small).toBeCloseTo(12 * 30_000 * 2 * 0.625e-6, 6);
});

it('cost includes a write of the index of batches by creation for each status', () => {
  const without = { ...USAGE, recordWrites: 0 };
  const idle = costOf({ ...LOAD, batchesPerDay: 0 }, without).DynamoDB;
  const checks = 30_000 * 60 * 0.1 * 0.125e-6;
  // A new record, six more statuses and five steps of a job; and two writes of a record of three units, with their reads.
  const writes = 30_000 * (7 + 5 + 2 * (3 + 2)) * 0.625e-6 + 30_000 * 2 * 0.125e-6;
  expect(costOf(LOAD, without).DynamoDB - idle).toBeCloseTo(checks + writes, 6);
});
