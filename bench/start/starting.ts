import { atMost, type Benchmark, type Figure } from '../figure.ts';
import { inDirectory } from '../inDirectory.ts';
import { withServers } from '../servers/withServers.ts';
import { median, medianRatio, repeat } from '../statistics.ts';
import { megabytes } from '../units.ts';
import { type BundleName, type Deployed, deployBundles, type FunctionName } from './bundles.ts';
import { coldStart, type Endpoints } from './coldStart.ts';
import { MESSAGES, SCHEDULED } from './events.ts';

/** A start takes so little that more of them than of other measurements are affordable. */
const RUNS = 9;

/** What is started in each round. */
const STARTS = {
  bare: { bundle: 'bare', event: {}, table: 'empty' },
  empty: { bundle: 'empty', event: {}, table: 'empty' },
  sweeper: { bundle: 'sweeper', event: SCHEDULED, table: 'empty' },
  'sweeper-busy': { bundle: 'sweeper', event: SCHEDULED, table: 'busy' },
  worker: { bundle: 'worker', event: MESSAGES.worker, table: 'empty' },
  intake: { bundle: 'intake', event: MESSAGES.intake, table: 'empty' },
  outcome: { bundle: 'outcome', event: MESSAGES.outcome, table: 'empty' },
} as const satisfies Record<string, { bundle: BundleName; event: object; table: string }>;
type StartName = keyof typeof STARTS;
type Round = Readonly<Record<StartName, number>>;

export const starting: Benchmark = {
  name: 'cold-start',
  title: 'Cold start of each function, from spawn to handled, and what it loads',
  run: () =>
    inDirectory(async (directory) => {
      const bundles = await deployBundles(directory);
      const rounds = await withServers({ aws: {}, provider: {} }, (urls) =>
        repeat(() => startEach(bundles, urls), RUNS),
      );
      return [...timesOf(rounds), ...sizesOf(bundles)];
    }),
};

/** One of each in turn: what slows the machine for a while slows all of them. */
async function startEach(
  bundles: Readonly<Record<BundleName, Deployed>>,
  urls: Endpoints,
): Promise<Round> {
  const times: Partial<Record<StartName, number>> = {};
  for (const [name, { bundle, event, table }] of Object.entries(STARTS)) {
    const { directory, module } = bundles[bundle];
    times[name as StartName] = await coldStart({ directory, module, event, table }, urls);
  }
  return times as Round;
}

function timesOf(rounds: readonly Round[]): readonly Figure[] {
  const times = (name: StartName, what: string, isLimit = false): Figure => {
    const value = median(rounds.map((round) => round[name]));
    return { name: `cold-start-${name}`, what, value, unit: 'ms', isLimit };
  };
  return [
    {
      name: 'cold-start-sweeper-times-empty',
      what: 'sweeper: time, times that of an empty handler with the same AWS clients',
      value: medianRatio(rounds.map(({ sweeper, empty }) => [sweeper, empty])),
      ...{ unit: '×', goal: atMost(1.5) },
    },
    times('sweeper', 'sweeper, nothing due'),
    times('sweeper-busy', "sweeper, one job looked at: OpenAI's SDK, the secret, a call"),
    times('worker', 'worker'),
    times('intake', 'intake'),
    times('outcome', 'outcome'),
    times('empty', 'empty handler with the same AWS clients, which reads one item', true),
    times('bare', 'empty handler with nothing', true),
  ];
}

function sizesOf(bundles: Readonly<Record<BundleName, Deployed>>): readonly Figure[] {
  const functions: readonly FunctionName[] = ['sweeper', 'worker', 'intake', 'outcome'];
  return functions.flatMap((name) => [
    {
      name: `bundle-${name}`,
      what: `${name}, code at start`,
      ...{ value: megabytes(bundles[name].startBytes), unit: 'MB' },
      ...(name === 'sweeper' ? { goal: atMost(1.25) } : {}),
    },
    {
      name: `bundle-${name}-total`,
      what: `${name}, code of all providers`,
      ...{ value: megabytes(bundles[name].totalBytes), unit: 'MB' },
    },
  ]);
}
