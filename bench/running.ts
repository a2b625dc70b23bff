import { join } from 'node:path';
import type { Batch } from '../shared/batch/record.ts';
import { measureInChild } from './harness/child.ts';
import {
  atLeast,
  atMost,
  type Benchmark,
  type Figure,
  figure,
  megabytes,
} from './harness/figures.ts';
import { type FilledTable, withFilledTable } from './harness/filledTable.ts';
import { runningBatch } from './harness/records.ts';
import { withServers } from './harness/servers.ts';
import type { SweepOptions, Swept } from './tableOnce.ts';

const RUNNING = 100_000;
/** How long the provider takes to answer. A page of its list has 100 jobs. */
const LATENCY_MS = 200;
/** The jobs were created one after the other, in 20 hours. */
const CREATED_EVERY_MS = 720;
/**
 * A sweep that ends early is no fast sweep. The emulator's index of active batches loses a few in a
 * thousand, whose hashes begin alike.
 */
const SEEN = 99_000;
/** Shorter than five minutes, the timeout of the sweeper, within which a measurement must end. */
const SWEEP_MS = 4 * 60_000;

export const runningBenchmark: Benchmark = {
  name: 'running',
  title:
    'A sweep of 100,000 running batches in the emulated table, at a provider that takes 200 ms',
  run() {
    const createdFrom = Date.now() - RUNNING * CREATED_EVERY_MS;
    const servers = {
      provider: {
        ...{ latencyMs: LATENCY_MS, jobs: RUNNING, createdFrom },
        createdEveryMs: CREATED_EVERY_MS,
      },
    };
    return withServers(servers, ({ provider }) =>
      withFilledTable(batches(createdFrom), (table) => measure(table, provider)),
    );
  },
};

function* batches(createdFrom: number): Generator<Batch> {
  for (let index = 0; index < RUNNING; index++)
    yield runningBatch(index, createdFrom + index * CREATED_EVERY_MS);
}

async function measure(table: FilledTable, providerUrl: string): Promise<readonly Figure[]> {
  const options = { ...table, providerUrl, maxInFlight: RUNNING, timeMs: SWEEP_MS };
  const script = join(import.meta.dirname, 'tableOnce.ts');
  const swept = await measureInChild<Swept>(script, options satisfies SweepOptions);
  const { calls } = (await (await fetch(`${providerUrl}/calls`)).json()) as { calls: number };
  const requests = Object.values(swept.calls).reduce((sum, count) => sum + count, 0);
  const name = 'running-sweep';
  return [
    figure(`${name}-time`, 'time', swept.milliseconds / 1000, 's', { goal: atMost(60) }),
    figure(`${name}-read-units`, 'read units of the table', swept.readUnits, 'units', {
      goal: atMost(20_000),
    }),
    figure(`${name}-provider-calls`, 'calls of the provider', calls, 'calls'),
    figure(`${name}-pages`, 'pages of 100 jobs', RUNNING / 100, 'calls', { isLimit: true }),
    figure(`${name}-seen`, 'batches processed', swept.seen, 'batches', { goal: atLeast(SEEN) }),
    figure(`${name}-table-requests`, 'requests to the table', requests, 'calls'),
    figure(`${name}-cpu`, 'CPU time', swept.cpuMilliseconds / 1000, 's'),
    figure(`${name}-memory`, 'peak memory of the process', megabytes(swept.peakBytes), 'MB'),
  ];
}
