import { setTimeout as wait } from 'node:timers/promises';
import pMap from 'p-map';
import { openDatabase } from '../inProcess/database.ts';
import { sqliteTable } from '../inProcess/sqliteTable.ts';
import type { BatchStore, IndexPage } from '../shared/batch/ports.ts';
import { DEFAULT_POLICY } from '../shared/settings.ts';
import { batchStore } from '../shared/stores/batchStore.ts';
import { sweep } from '../shared/usecases/sweep/sweep.ts';
import { MemoryBatches } from '../simulators/memory/batches.ts';
import {
  benchDependencies,
  NOWHERE,
  objectsAt,
  openAiAt,
  slowProviders,
} from './harness/dependencies.ts';
import {
  atMost,
  type Benchmark,
  type Figure,
  figure,
  median,
  repeat,
  timed,
} from './harness/figures.ts';
import { runningBatch } from './harness/records.ts';
import { inDirectory, withServers } from './harness/servers.ts';

/** How long the provider takes to answer. */
const LATENCY_MS = 50;
/** Calls of the sweep that run side by side. */
const CONCURRENCY = 100;
/** Batches on a page of an index. */
const PAGE = 100;
/** The timeout of the sweeper. */
const SWEEP_MS = 5 * 60_000;

export const sweepBenchmark: Benchmark = {
  name: 'sweep',
  title: 'A sweep of running batches, at a provider that takes 50 ms to answer',
  run: async () => [
    ...(await sweepOneByOne(1_000, 1.25)),
    ...(await sweepOneByOne(10_000, 1.1)),
    ...(await sweepByList(1_000)),
    ...(await sweepOnSqlite(10_000)),
  ],
};

/** One call for each batch. 100 run side by side, so the calls alone take count / 100 × 50 ms. */
async function sweepOneByOne(count: number, goal: number): Promise<readonly Figure[]> {
  const idealMs = (count / CONCURRENCY) * LATENCY_MS;
  const real = openAiAt(NOWHERE, objectsAt(NOWHERE));
  const pairs = await repeat(async () => {
    const dependencies = benchDependencies({
      batches: await runningBatches(count),
      providers: slowProviders(real, LATENCY_MS),
    });
    const jobs = Array.from({ length: count });
    return {
      limit: await timed(() => pMap(jobs, () => wait(LATENCY_MS), { concurrency: CONCURRENCY })),
      swept: await timed(() => sweep(dependencies, Date.now() + SWEEP_MS)),
    };
  });
  const sweptMs = median(pairs.map(({ swept }) => swept));
  const limitMs = median(pairs.map(({ limit }) => limit));
  const name = `sweep-${count}`;
  const what = `${count.toLocaleString('en-US')} batches, one call each`;
  return [
    figure(
      `${name}-times-ideal`,
      `${what}: time, times the ideal ${idealMs / 1000} s`,
      sweptMs / idealMs,
      '×',
      { goal: atMost(goal) },
    ),
    figure(`${name}-time`, `${what}: time`, sweptMs, 'ms'),
    figure(`${name}-limit`, `${what}: waiting alone, 100 side by side`, limitMs, 'ms', {
      isLimit: true,
    }),
  ];
}

/** The real OpenAI provider, which reads the states of 100 jobs in one call. */
async function sweepByList(count: number): Promise<readonly Figure[]> {
  const servers = { provider: { latencyMs: LATENCY_MS, jobs: count } };
  const runs = await withServers(servers, ({ provider: url }) => {
    const providers = openAiAt(url, objectsAt(url));
    return repeat(async () => {
      const batches = await runningBatches(count);
      const dependencies = benchDependencies({ batches, providers });
      const milliseconds = await timed(() => sweep(dependencies, Date.now() + SWEEP_MS));
      const { calls } = (await (await fetch(`${url}/calls`)).json()) as { calls: number };
      return { milliseconds, calls };
    });
  });
  const calls = median(runs.map((run) => run.calls));
  const milliseconds = median(runs.map((run) => run.milliseconds));
  const name = `sweep-${count}`;
  const what = `${count.toLocaleString('en-US')} batches, OpenAI's provider`;
  return [
    figure(`${name}-calls`, `${what}: calls`, calls, 'calls', { goal: atMost(20) }),
    figure(`${name}-list-time`, `${what}: time`, milliseconds, 'ms'),
    figure(`${name}-calls-limit`, `${what}: pages of 100 jobs`, count / 100, 'calls', {
      isLimit: true,
    }),
  ];
}

/** The table of a handler in one process, beside the table that answers at once. */
async function sweepOnSqlite(count: number): Promise<readonly Figure[]> {
  const real = openAiAt(NOWHERE, objectsAt(NOWHERE));
  const providers = slowProviders(real, LATENCY_MS);
  const sweepOf = (batches: BatchStore) =>
    timed(() => sweep(benchDependencies({ batches, providers }), Date.now() + SWEEP_MS));
  const pairs = await inDirectory(async (directory) => {
    const database = openDatabase(directory);
    try {
      const batches = batchStore(sqliteTable(database), DEFAULT_POLICY);
      // Their order on the disk matters to no index. One transaction, because only the sweep is measured.
      database.exec('BEGIN');
      for (let index = 0; index < count; index++) await batches.create(runningBatch(index));
      database.exec('COMMIT');
      return await repeat(async () => ({
        memory: await sweepOf(await runningBatches(count)),
        sqlite: await sweepOf(batches),
      }));
    } finally {
      database.close();
    }
  });
  const sqliteMs = median(pairs.map(({ sqlite }) => sqlite));
  const memoryMs = median(pairs.map(({ memory }) => memory));
  const what = `${count.toLocaleString('en-US')} batches in SQLite`;
  return [
    figure(
      `sweep-${count}-sqlite`,
      `${what}: time, times that in memory`,
      sqliteMs / memoryMs,
      '×',
      {
        goal: atMost(2),
      },
    ),
    figure(`sweep-${count}-sqlite-time`, `${what}: time`, sqliteMs, 'ms'),
  ];
}

/**
 * A table of running batches that answers at once, so that only the sweep is measured. Its indexes
 * are sorted beforehand, as an index is. Nothing changes them, because all jobs go on running.
 */
async function runningBatches(count: number): Promise<BatchStore> {
  const table = new MemoryBatches({ pageSize: count });
  for (let index = 0; index < count; index++) table.put(runningBatch(index));
  const store = table.store();
  const { items: due } = await store.listDue(0, Date.now(), undefined);
  const { items: active } = await store.listActive('openai', undefined);
  return {
    ...store,
    listDue: async (_shard, _until, cursor) => pageOf(due, cursor, PAGE),
    listActive: async (_provider, cursor) => pageOf(active, cursor, PAGE),
  };
}

/** A page of a list that nothing changes. The cursor is the index of its first item. */
function pageOf<T>(items: readonly T[], cursor: string | undefined, size: number): IndexPage<T> {
  const start = Number(cursor ?? 0);
  const end = start + size;
  return { items: items.slice(start, end), cursor: end < items.length ? String(end) : undefined };
}
