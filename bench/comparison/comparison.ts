import { mkdtemp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { costBenchmark } from '../cost.ts';
import { measureInChild } from '../harness/child.ts';
import {
  type Benchmark,
  type Figure,
  figure,
  median,
  megabytes,
  repeat,
} from '../harness/figures.ts';
import { writeLines } from '../harness/inputs.ts';
import type { Used } from '../harness/process.ts';
import { inDirectory, withServers } from '../harness/servers.ts';
import type { Moved, TransferOptions } from '../transferOnce.ts';
import { installPython, type Python, type ScriptOptions, type Taken } from './python.ts';
import type { SweepOnceOptions } from './sweepOnce.ts';

/** How long the provider takes to answer. */
const LATENCY_MS = 50;
const BATCHES = 1_000;
/** LangBatch checks one batch after the other, so its time for more is in proportion. */
const LANGBATCH_BATCHES = 100;
const RUNS = 3;
/** A job with the most requests that OpenAI accepts in one batch. */
const JOB = { requests: 50_000, lineBytes: 1_000 };

export const comparisonBenchmark: Benchmark = {
  name: 'comparison',
  title: 'Beside LangBatch and a poller in asyncio, at the same server',
  run: () =>
    inDirectory(async (directory) => {
      const python = await installPython(directory);
      if (typeof python === 'string')
        process.stderr.write(`only this handler is measured: ${python}\n`);
      const others = typeof python === 'string' ? undefined : python;
      return [
        ...(await sweeps(directory, others)),
        ...(await collections(directory, others)),
        ...(await costs()),
      ];
    }),
};

/** All of them in turns. LangBatch and the poller are left out if there is no Python. */
async function sweeps(directory: string, python: Python | undefined): Promise<readonly Figure[]> {
  // LangBatch reads and validates the whole input before each check: the smallest suits it best.
  const shape = { requests: 1, lineBytes: 1_000 };
  const input = await writeLines(directory, 'one.jsonl', { kind: 'requests', shape });
  const servers = { provider: { latencyMs: LATENCY_MS, jobs: BATCHES } };
  const script = join(import.meta.dirname, 'sweepOnce.ts');
  const runs = await withServers(servers, ({ provider: providerUrl }) =>
    repeat(async () => {
      const fresh = () => mkdtemp(join(directory, 'sweep-'));
      const own = async (isOneByOne: boolean) => {
        const options = { providerUrl, batches: BATCHES, directory: await fresh(), isOneByOne };
        return measureInChild<Taken>(script, options satisfies SweepOnceOptions);
      };
      const common = { kind: 'sweep', providerUrl, input, requests: 1 } as const;
      return {
        list: await own(false),
        single: await own(true),
        poller: await python?.measure('poller_once', { ...common, batches: BATCHES, directory }),
        langBatch: await python?.measure('langbatch_once', {
          ...{ ...common, batches: LANGBATCH_BATCHES, directory: await fresh() },
        }),
      };
    }, RUNS),
  );
  const what = '1,000 running batches, 50 ms a call';
  const times = BATCHES / LANGBATCH_BATCHES;
  const scaled = `LangBatch, ${LANGBATCH_BATCHES} batches, times ${times}`;
  return [
    ...takenFigures(
      'sweep-list',
      `${what}: this handler, by the provider's list`,
      runs.map((run) => run.list),
    ),
    ...takenFigures(
      'sweep-single',
      `${what}: this handler, a call for each`,
      runs.map((run) => run.single),
    ),
    ...takenFigures(
      'sweep-poller',
      `${what}: poller, a call for each`,
      runs.flatMap((run) => run.poller ?? []),
    ),
    ...takenFigures(
      'sweep-langbatch',
      `${what}: ${scaled}`,
      runs.flatMap((run) => run.langBatch ?? []),
      times,
    ),
  ];
}

/** The rows of a job, each with what it does with them. */
async function collections(
  directory: string,
  python: Python | undefined,
): Promise<readonly Figure[]> {
  const order = 'nearly as asked' as const;
  const input = await writeLines(directory, 'input.jsonl', { kind: 'requests', shape: JOB });
  const content = await writeLines(directory, 'rows.jsonl', { kind: 'results', shape: JOB, order });
  const servers = { provider: { content, jobs: 1 }, objects: { content: input } };
  const script = join(import.meta.dirname, '..', 'transferOnce.ts');
  const { requests } = JOB;
  const runs = await withServers(servers, ({ provider: providerUrl, objects: objectsUrl }) =>
    repeat(async () => {
      const moving: TransferOptions = { kind: 'collect', providerUrl, objectsUrl, requests };
      const options: ScriptOptions = {
        ...{ kind: 'collect', providerUrl, input, requests, batches: 1 },
        directory: await mkdtemp(join(directory, 'collect-')),
      };
      return {
        own: await measureInChild<Moved>(script, moving),
        poller: await python?.measure('poller_once', options),
        langBatch: await python?.measure('langbatch_once', options),
      };
    }, RUNS),
  );
  const what = `50,000 rows in ${Math.round(megabytes((await stat(content)).size))} MB`;
  return [
    ...rowFigures(
      'collect-own',
      `${what}: this handler, into S3`,
      runs.map((run) => run.own),
    ),
    ...rowFigures(
      'collect-poller',
      `${what}: poller, to disk`,
      runs.flatMap((run) => run.poller ?? []),
    ),
    ...rowFigures(
      'collect-langbatch',
      `${what}: LangBatch, into memory`,
      runs.flatMap((run) => run.langBatch ?? []),
    ),
  ];
}

function takenFigures(
  name: string,
  what: string,
  runs: readonly Taken[],
  times = 1,
): readonly Figure[] {
  if (runs.length === 0) return [];
  const medianOf = (part: keyof Used) => times * median(runs.map((run) => run[part]));
  return [
    figure(`compare-${name}-time`, `${what}: time`, medianOf('milliseconds'), 'ms'),
    figure(`compare-${name}-cpu`, `${what}: CPU time`, medianOf('cpuMilliseconds'), 'ms'),
    memoryFigure(name, what, runs),
  ];
}

function rowFigures(name: string, what: string, runs: readonly Taken[]): readonly Figure[] {
  if (runs.length === 0) return [];
  const rates = (part: keyof Used) => median(runs.map((run) => (1000 * JOB.requests) / run[part]));
  return [
    figure(`compare-${name}-rate`, `${what}`, rates('milliseconds'), 'rows/s'),
    figure(
      `compare-${name}-cpu-rate`,
      `${what}: for each second on a CPU`,
      rates('cpuMilliseconds'),
      'rows',
    ),
    memoryFigure(name, what, runs),
  ];
}

function memoryFigure(name: string, what: string, runs: readonly Taken[]): Figure {
  const peak = megabytes(median(runs.map(({ peakBytes }) => peakBytes)));
  return figure(`compare-${name}-memory`, `${what}: peak memory of the process`, peak, 'MB');
}

const DAYS = 30;
const HOURS = 24 * DAYS;

/**
 * US dollars in us-east-1, November 2026, for a machine that is always on. Compare them with the linked
 * pages before relying on them.
 */
const MACHINE = {
  /** https://aws.amazon.com/ec2/pricing/on-demand/: Linux, an hour. 0.5 GiB and 2 GiB of memory. */
  nanoHour: 0.0042,
  smallHour: 0.0168,
  /** https://aws.amazon.com/ebs/pricing/: gp3, 8 GB of a month. */
  diskMonth: 8 * 0.08,
  /** https://aws.amazon.com/vpc/pricing/: a public IPv4 address, an hour, to reach the provider. */
  addressHour: 0.005,
} as const;

/** Both at a million requests a day, in 1,000 batches, without the storage of the files, which both need. */
async function costs(): Promise<readonly Figure[]> {
  const figures = new Map((await costBenchmark.run()).map(({ name, value }) => [name, value]));
  const dollars = (name: string) => {
    const value = figures.get(name);
    if (value === undefined) throw new Error(`the benchmark of costs has no figure ${name}`);
    return value;
  };
  const own = dollars('cost-month') - dollars('cost-s3-storage');
  const machine = (hour: number) => (hour + MACHINE.addressHour) * HOURS + MACHINE.diskMonth;
  const what = 'a million requests, at a million a day';
  return [
    figure('compare-cost-own', `${what}: this handler on AWS`, own / DAYS, '$'),
    figure(
      'compare-cost-nano',
      `${what}: a poller on a t4g.nano`,
      machine(MACHINE.nanoHour) / DAYS,
      '$',
    ),
    figure(
      'compare-cost-small',
      `${what}: a poller on a t4g.small`,
      machine(MACHINE.smallHour) / DAYS,
      '$',
    ),
  ];
}
