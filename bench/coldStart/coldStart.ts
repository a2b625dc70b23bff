import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE_ENTRIES, type BundleSize, bundle } from '../../infra/bundles.ts';
import { SETTINGS_FILE } from '../../shared/config.ts';
import {
  atMost,
  type Benchmark,
  type Figure,
  figure,
  median,
  megabytes,
  repeat,
  timesFigures,
} from '../harness/figures.ts';
import type { Used } from '../harness/process.ts';
import { inDirectory, withServers } from '../harness/servers.ts';
import { type Endpoints, startHandler } from './startHandler.ts';

/** A start takes so little time that more of them than of other measurements are affordable. */
const RUNS = 9;

const FUNCTIONS = ['sweeper', 'worker', 'intake', 'outcome'] as const;
type FunctionName = (typeof FUNCTIONS)[number];

/** What each function is invoked with: a message about a batch that the table does not have. */
const EVENTS = {
  sweeper: { source: 'aws.scheduler' },
  intake: sqsEvent({ action: 'cancel', batchId: 'unknown' }),
  worker: sqsEvent({ action: 'inspect', batchId: 'unknown' }),
  outcome: sqsEvent({
    requestContext: { condition: 'Success' },
    requestPayload: { batchId: 'unknown', deliveryId: 'unknown', deliveryAttempt: 1 },
  }),
} as const;

/** The starts of each round. The server of AWS has a running batch in the table `busy`. */
const STARTS = {
  bare: { bundle: 'bare', event: {}, table: 'none' },
  empty: { bundle: 'empty', event: {}, table: 'none' },
  sweeper: { bundle: 'sweeper', event: EVENTS.sweeper, table: 'none' },
  'sweeper-busy': { bundle: 'sweeper', event: EVENTS.sweeper, table: 'busy' },
  worker: { bundle: 'worker', event: EVENTS.worker, table: 'none' },
  intake: { bundle: 'intake', event: EVENTS.intake, table: 'none' },
  outcome: { bundle: 'outcome', event: EVENTS.outcome, table: 'none' },
} as const;
type StartName = keyof typeof STARTS;
type Round = Readonly<Record<StartName, Used>>;

interface Bundles {
  /** Path of the module that each start loads. */
  readonly modules: Readonly<Record<FunctionName | 'empty' | 'bare', string>>;
  readonly sizes: Readonly<Record<FunctionName, BundleSize>>;
}

export const coldStartBenchmark: Benchmark = {
  name: 'cold-start',
  title: 'Cold start of each function, from spawn to handled, and what it loads',
  run: () =>
    inDirectory(async (directory) => {
      const bundles = await bundleHandlers(directory);
      const rounds = await withServers({ aws: {}, provider: {} }, (urls) =>
        repeat(() => startEach(bundles, urls), RUNS),
      );
      return [...timesOf(rounds), ...sizesOf(bundles)];
    }),
};

/** Bundles the functions, for one provider, and the handlers that they are compared with. */
async function bundleHandlers(directory: string): Promise<Bundles> {
  const handler = join(directory, 'handler');
  const sizes = await bundle(BUNDLE_ENTRIES.handler, handler);
  const settings = { providers: { openai: { kind: 'openai' } } };
  writeFileSync(join(handler, SETTINGS_FILE), JSON.stringify(settings));
  const empty = join(directory, 'empty');
  await bundle({ index: join(import.meta.dirname, 'emptyHandler.ts') }, empty);
  const bare = join(directory, 'bare');
  mkdirSync(bare);
  writeFileSync(join(bare, 'index.mjs'), 'export async function handler() {}\n');
  const paths = FUNCTIONS.map((name) => [name, join(handler, `${name}.mjs`)]);
  return {
    modules: {
      ...(Object.fromEntries(paths) as Record<FunctionName, string>),
      empty: join(empty, 'index.mjs'),
      bare: join(bare, 'index.mjs'),
    },
    sizes: sizes as Record<FunctionName, BundleSize>,
  };
}

/** One of each in turn: what slows the machine down for a while slows all of them. */
async function startEach({ modules }: Bundles, urls: Endpoints): Promise<Round> {
  const times: Partial<Record<StartName, Used>> = {};
  for (const [name, { bundle, event, table }] of Object.entries(STARTS))
    times[name as StartName] = await startHandler({ module: modules[bundle], event, table }, urls);
  return times as Round;
}

function timesOf(rounds: readonly Round[]): readonly Figure[] {
  const time = (name: StartName, what: string, isLimit = false) =>
    figure(
      `cold-start-${name}`,
      what,
      median(rounds.map((round) => round[name].milliseconds)),
      'ms',
      {
        isLimit,
      },
    );
  return [
    ...timesFigures(
      'cold-start-sweeper-times-empty',
      'sweeper, times an empty handler with the same AWS clients',
      rounds.map(({ sweeper, empty }) => [empty, sweeper]),
      atMost(1.15),
    ),
    time('sweeper', 'sweeper, nothing due'),
    time('sweeper-busy', "sweeper, one job checked: OpenAI's SDK, the secret, a call"),
    time('worker', 'worker'),
    time('intake', 'intake'),
    time('outcome', 'outcome'),
    time('empty', 'empty handler with the same AWS clients, which reads one item', true),
    time('bare', 'empty handler with nothing', true),
  ];
}

function sizesOf({ sizes }: Bundles): readonly Figure[] {
  return FUNCTIONS.flatMap((name) => {
    const { startBytes, totalBytes } = sizes[name];
    const goal = name === 'sweeper' ? atMost(1.25) : undefined;
    return [
      figure(`bundle-${name}`, `${name}, code at start`, megabytes(startBytes), 'MB', { goal }),
      figure(`bundle-${name}-total`, `${name}, code of all providers`, megabytes(totalBytes), 'MB'),
    ];
  });
}

function sqsEvent(body: object): object {
  const record = {
    messageId: '00000000-0000-4000-8000-000000000001',
    receiptHandle: 'receipt',
    body: JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
    awsRegion: 'us-east-1',
  };
  return { Records: [record] };
}
