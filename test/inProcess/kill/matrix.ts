import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { openDatabase } from '../../../inProcess/database.ts';
import { fileObjects } from '../../../inProcess/fileObjects.ts';
import { sqliteQueues } from '../../../inProcess/sqliteQueues.ts';
import { sqliteTable } from '../../../inProcess/sqliteTable.ts';
import { uploadKey } from '../../../shared/batch/ids.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import type { BatchFields } from '../../../shared/batch/record.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { sentAgain } from '../../../simulators/engine/journal.ts';
import { startOpenAiSimulator } from '../../../simulators/openai/index.ts';
import { moveClock } from '../../reliability/kill/clock.ts';
import { requestLine, upload } from '../../support/world.ts';
import type { Kill } from './killAt.ts';
import type { LifeOptions } from './life.ts';

const MOMENTS = ['before', 'after'] as const;
const IDS = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6'];
const LIFE = join(import.meta.dirname, 'life.ts');
/** Longer than any lease, so that a new life finds all of them run out. */
const BETWEEN_LIVES_MS = 60 * 60_000;

export interface CaseResult {
  readonly kills: readonly Kill[];
  /** What the process was killed at; undefined if it ended before. */
  readonly points: readonly (string | undefined)[];
  readonly wrongs: readonly string[];
  /** What the last life did. */
  readonly count: number;
}

/** A simulator that all cases share, and time that they move. */
export async function startInProcessRig() {
  const root = mkdtempSync(join(tmpdir(), 'in-process-kill-'));
  const clockFile = join(root, 'clock');
  writeFileSync(clockFile, '0');
  const now = () => Date.now() + Number(readFileSync(clockFile, 'utf8'));
  const simulator = await startOpenAiSimulator(
    { dataDir: join(root, 'openai'), plan: ['expired', 'completed'], jobSeconds: 0.05 },
    now,
  );
  let serial = 0;

  /** Brings a batch to its end in as many lives as it takes: one for each kill, and the last. */
  async function runCase(kills: readonly Kill[]): Promise<CaseResult> {
    const batchId = `b${++serial}`;
    const directory = join(root, batchId);
    const effects = join(root, `${batchId}.effects`);
    const report = join(root, `${batchId}.report`);
    writeFileSync(effects, '');
    const database = openDatabase(directory);
    const table = sqliteTable(database);
    const queues = sqliteQueues(database, now);
    const batches = batchStore(table, DEFAULT_POLICY);
    await upload(fileObjects(directory), uploadKey(batchId), IDS.map(requestLine));
    queues.send('batch', JSON.stringify({ batchId }));

    const points: (string | undefined)[] = [];
    /** Deliveries whose processor had ended when its process was killed, which nobody could record. */
    let unrecorded = 0;
    const wrongs: string[] = [];
    for (const kill of [...kills, undefined]) {
      rmSync(report, { force: true });
      const life = { directory, clockFile, effects, report, baseUrl: simulator.url };
      const { code, signal } = await live(kill ? { ...life, kill } : life);
      if (code !== 0 && signal !== 'SIGKILL') wrongs.push(`the process ended with code ${code}`);
      if (kill) points.push(signal ? readFileSync(report, 'utf8') : undefined);
      const { keyPrefix } = (await batches.get(batchId)) ?? {};
      const once = await table.get(`once#${keyPrefix}-delivery-1`);
      if (once?.state === 'inProgress' && linesOf(effects).length > unrecorded) unrecorded += 1;
      if (signal) moveClock(clockFile, BETWEEN_LIVES_MS);
    }
    const count = existsSync(report) ? Number(readFileSync(report, 'utf8')) : 0;

    const check = (what: string, actual: unknown, expected: unknown): void => {
      if (!isDeepStrictEqual(actual, expected))
        wrongs.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
    };
    const batch: BatchFields | undefined = await batches.get(batchId);
    check('status', batch?.status, 'completed');
    check('attempt', batch?.attempt, 2);
    check('counts', batch?.counts, { total: 6, succeeded: 6, failed: 0, unfinished: 0 });
    const rows = await rowsOf(directory, batch?.rows?.results);
    check('results', rows, IDS);
    const { jobs, events } = await simulator.journal();
    const own = jobs.filter((job) => job.batch === batchId);
    const keys = own.map(({ key, status }) => `${key} ${status}`);
    const prefix = batch?.keyPrefix;
    check('jobs', keys, [`${prefix}-1 expired`, `${prefix}-2 completed`]);
    check('sent again', sentAgain(own), []);
    const ids = own.map(({ jobId }) => jobId);
    const cancelled = events.filter(
      (event) => event.event === 'cancel_asked' && ids.includes(event.jobId),
    );
    check('cancelled', cancelled, []);
    const deliveries = linesOf(effects);
    check('deliveries', [...new Set(deliveries)], [`${batchId} ${prefix}-delivery-1`]);
    if (deliveries.length > 1 + unrecorded)
      wrongs.push(`the effect happened ${deliveries.length} times`);
    check('dead letters', queues.deadLetters(), []);
    database.close();
    return { kills, points, wrongs, count };
  }

  return {
    runCase,
    /** Every case with one kill, and some with three in a row. */
    async allCases(): Promise<readonly (readonly Kill[])[]> {
      const { count } = await runCase([]);
      const numbers = Array.from({ length: count }, (_, index) => index + 1);
      const single = numbers.flatMap((number) => MOMENTS.map((moment) => [{ number, moment }]));
      const spread = (number: number): Kill => ({
        ...{ number: 1 + ((number * 7) % count), moment: number % 2 === 0 ? 'before' : 'after' },
      });
      const thirds = numbers.filter((number) => number % 3 === 0);
      const several = thirds.map((number) => [spread(number), spread(number + 3), spread(5)]);
      return [...single, ...several];
    },
    async stop() {
      await simulator.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function live(options: LifeOptions): Promise<{ code: number | null; signal: string | null }> {
  const child = fork(LIFE, [JSON.stringify(options)], { execArgv: ['--no-warnings'] });
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

async function rowsOf(directory: string, key: string | undefined): Promise<readonly string[]> {
  if (key === undefined) return [];
  const chunks: Uint8Array[] = [];
  for await (const chunk of fileObjects(directory).read(key)) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line).custom_id);
}

/** A line about a case. */
export function caseLine({ kills, points, wrongs }: CaseResult): string {
  const what = kills.map(({ number, moment }, index) => `${moment} ${number} (${points[index]})`);
  return `killed ${what.join(', then ')}: ${wrongs.join('; ') || 'as it should'}`;
}
