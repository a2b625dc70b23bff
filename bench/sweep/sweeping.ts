import { setTimeout as wait } from 'node:timers/promises';
import pMap from 'p-map';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { benchDependencies, objectsAt, openAiAt } from '../dependencies.ts';
import { atMost, type Benchmark, type Figure } from '../figure.ts';
import { withServers } from '../servers/withServers.ts';
import { median, repeat } from '../statistics.ts';
import { slowProviders } from './fakeProviders.ts';
import { runningBatches } from './stores.ts';

const LATENCY_MS = 50;
const CONCURRENCY = 100;

/** An address that nothing listens at. */
const NOWHERE = 'http://127.0.0.1:9';

/** A function's five minutes. */
const SWEEP_MS = 5 * 60_000;

export const sweeping: Benchmark = {
  name: 'sweep',
  title: 'A sweep of running batches, at a provider that takes 50 ms to answer',
  run: async () => [
    ...(await sweepOneByOne(1_000, 1.25)),
    ...(await sweepOneByOne(10_000, 1.1)),
    ...(await sweepByList(1_000)),
  ],
};

/** Each batch costs a call: with 100 side by side, the calls alone take count / 100 × 50 ms. */
async function sweepOneByOne(count: number, goal: number): Promise<readonly Figure[]> {
  const idealMs = (count / CONCURRENCY) * LATENCY_MS;
  // Never called: what is asked of it, the slow one answers.
  const real = openAiAt(NOWHERE, objectsAt(NOWHERE));
  const pairs = await repeat(async () => {
    const dependencies = benchDependencies({
      batches: runningBatches(count),
      providers: slowProviders(real, LATENCY_MS),
    });
    const jobs = Array.from({ length: count });
    return {
      limit: await timed(() => pMap(jobs, () => wait(LATENCY_MS), { concurrency: CONCURRENCY })),
      swept: await timed(() => sweep(dependencies, Date.now() + SWEEP_MS)),
    };
  });
  const sweptMs = median(pairs.map(({ swept }) => swept));
  const name = `sweep-${count}`;
  const what = `${count.toLocaleString('en-US')} batches, one call each`;
  return [
    {
      name: `${name}-times-ideal`,
      what: `${what}: time, times the ideal ${idealMs / 1000} s`,
      ...{ value: sweptMs / idealMs, unit: '×', goal: atMost(goal) },
    },
    { name: `${name}-time`, what: `${what}: time`, value: sweptMs, unit: 'ms' },
    {
      name: `${name}-limit`,
      what: `${what}: waiting alone, 100 side by side`,
      ...{ value: median(pairs.map(({ limit }) => limit)), unit: 'ms', isLimit: true },
    },
  ];
}

/** The real OpenAI provider, whose list tells of 100 jobs in one call. */
async function sweepByList(count: number): Promise<readonly Figure[]> {
  const servers = { provider: { latencyMs: LATENCY_MS, jobs: count } };
  const runs = await withServers(servers, ({ provider: url }) => {
    const providers = openAiAt(url, objectsAt(url));
    return repeat(async () => {
      const batches = runningBatches(count);
      const dependencies = benchDependencies({ batches, providers });
      const milliseconds = await timed(() => sweep(dependencies, Date.now() + SWEEP_MS));
      const { calls } = (await (await fetch(`${url}/calls`)).json()) as { calls: number };
      return { milliseconds, calls };
    });
  });
  const what = `${count.toLocaleString('en-US')} batches, OpenAI's provider`;
  return [
    {
      name: `sweep-${count}-calls`,
      what: `${what}: calls`,
      ...{ value: median(runs.map(({ calls }) => calls)), unit: 'calls', goal: atMost(20) },
    },
    {
      name: `sweep-${count}-list-time`,
      what: `${what}: time`,
      ...{ value: median(runs.map(({ milliseconds }) => milliseconds)), unit: 'ms' },
    },
    {
      name: `sweep-${count}-calls-limit`,
      what: `${what}: pages of 100 jobs`,
      ...{ value: count / 100, unit: 'calls', isLimit: true },
    },
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
