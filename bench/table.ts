import { join } from 'node:path';
import type { Batch } from '../shared/batch/record.ts';
import { measureInChild } from './harness/child.ts';
import { atMost, type Benchmark, type Figure, figure, megabytes } from './harness/figures.ts';
import { type FilledTable, withFilledTable } from './harness/filledTable.ts';
import { queuedBatch, runningBatch } from './harness/records.ts';
import type { SweepOptions, Swept } from './tableOnce.ts';

const QUEUED = 100_000;
const RUNNING = 10_000;
/** The timeout of the sweeper. */
const SWEEP_MS = 5 * 60_000;

/** Most of the time is the emulator's. The requests are the code's own, and the same at AWS. */
export const tableBenchmark: Benchmark = {
  name: 'table',
  title: 'Sweeps of 100,000 queued and 10,000 running batches, in one table of the emulator',
  run: () => withFilledTable(batches(), measure),
};

function* batches(): Generator<Batch> {
  for (let index = 0; index < QUEUED; index++) yield queuedBatch(index);
  for (let index = 0; index < RUNNING; index++) yield runningBatch(index);
}

async function measure(table: FilledTable): Promise<readonly Figure[]> {
  const sweepTable = (maxInFlight: number) => {
    const options = { ...table, maxInFlight, timeMs: SWEEP_MS };
    const script = join(import.meta.dirname, 'tableOnce.ts');
    return measureInChild<Swept>(script, options satisfies SweepOptions);
  };
  // The emulator's index of active batches loses a few of 10,000, whose hashes begin alike.
  const full = await sweepTable(RUNNING - 100);
  const open = await sweepTable(RUNNING + 100);
  const name = 'table-sweep';
  return [
    ...figuresOf(`${name}-full`, 'no room', full),
    figure(
      `${name}-full-memory`,
      'no room: peak memory of the process',
      megabytes(full.peakBytes),
      'MB',
      { goal: atMost(256) },
    ),
    ...figuresOf(`${name}-open`, 'room for 100', open),
    figure(
      `${name}-open-started`,
      'room for 100: submissions started, as many as may await confirmation',
      open.started,
      'batches',
    ),
  ];
}

function figuresOf(name: string, what: string, swept: Swept): Figure[] {
  const { milliseconds, seen, calls, readUnits } = swept;
  const requests = Object.entries(calls);
  const sum = requests.reduce((all, [, count]) => all + count, 0);
  return [
    figure(`${name}-time`, `${what}: time`, milliseconds, 'ms'),
    figure(`${name}-seen`, `${what}: batches processed`, seen, 'batches'),
    figure(`${name}-calls`, `${what}: requests to the table`, sum, 'calls'),
    figure(`${name}-read-units`, `${what}: read units of the table`, readUnits, 'units'),
    ...requests.map(([operation, count]) =>
      figure(`${name}-${operation.toLowerCase()}`, `${what}: ${operation}`, count, 'calls'),
    ),
  ];
}
