import { Command, InvalidArgumentError, Option } from 'commander';
import { type BrokenRun, runLife } from './exhaustive.ts';
import { shownFigures } from './figures.ts';
import { LIVES, type LifeName } from './lives.ts';
import { exhaustInParallel, runInParallel } from './parallel.ts';
import { traceOf } from './runSchedules.ts';
import { ALL_GUARDS } from './schedule.ts';

/** Last lines of a trace to show for a run that broke a promise. */
const TRACE_LINES = 60;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('must be a whole number');
}

const NAMES = Object.keys(LIVES) as LifeName[];
const options = new Command('simulate')
  .description('Runs the system through schedules of faults on virtual time.')
  .option('--schedules <n>', 'how many, each by a seed', wholeNumber, 10_000)
  .option('--seed <n>', 'the first seed', wholeNumber, 1)
  .option('--trace', 'show everything that happens under --seed')
  .option('--collecting', 'send single requests in every schedule, not only in some')
  .option('--over-http', 'create batches over HTTP in every schedule, not only in some')
  .addOption(
    new Option('--exhaustive <depth>', 'every fault at every I/O point, or every pair').choices([
      '1',
      '2',
    ]),
  )
  .addOption(new Option('--life <name>', 'only this life, with --exhaustive').choices(NAMES))
  .option('--json', 'end with one JSON line')
  .parse()
  .opts<{
    schedules: number;
    seed: number;
    trace?: boolean;
    collecting?: boolean;
    overHttp?: boolean;
    exhaustive?: '1' | '2';
    life?: LifeName;
    json?: boolean;
  }>();

const { collecting = false, overHttp = false } = options;
const guards = { ...ALL_GUARDS, collecting, overHttp };
const startedAt = performance.now();

if (options.exhaustive) await runExhaustively(options.exhaustive === '1' ? 1 : 2);
else if (options.trace) print(await traceOf(options.seed, guards));
else await runRandomly();

async function runRandomly(): Promise<void> {
  const tally = await runInParallel({ firstSeed: options.seed, count: options.schedules, guards });
  for (const { seed, what } of tally.broken.slice(0, 3))
    show(`seed ${seed}`, what, await traceOf(seed, guards));
  const { schedules, lost, unexpected, duplicated, recovered, violations } = tally;
  const { acceptedCreates, repeatedRequests } = tally;
  const counts = { lost, unexpected, duplicated, recovered, violations };
  finish({
    ...{ schedules, seed: options.seed, ...counts, acceptedCreates, repeatedRequests },
    ...shownFigures(tally.worst),
    ...tally.fair,
    seconds: secondsSoFar(),
  });
  process.exitCode = tally.caught > 0 ? 1 : 0;
}

async function runExhaustively(depth: 1 | 2): Promise<void> {
  let runs = 0;
  let caught = 0;
  for (const life of NAMES.filter((name) => name === (options.life ?? name))) {
    const tally = await exhaustInParallel({ life, depth });
    runs += tally.runs;
    caught += tally.caught;
    const { points, faults } = tally;
    if (!options.json)
      print([
        `${life.padEnd(28)}${points} points, ${faults} faults: ${tally.runs} runs, ${tally.caught} broke a promise`,
      ]);
    for (const broken of tally.broken.slice(0, 3)) await showRun(life, broken);
  }
  finish({ exhaustive: depth, runs, caught, seconds: secondsSoFar() });
  process.exitCode = caught > 0 ? 1 : 0;
}

async function showRun(life: LifeName, { faults, where, what }: BrokenRun): Promise<void> {
  const { lines } = await runLife(life, faults, { traced: true });
  show(`${life}: ${where.join(' and ')}`, what, lines);
}

function show(which: string, what: readonly string[], lines: readonly string[]): void {
  const text = [`${which}: ${what.join('; ')}`, ...lines.slice(-TRACE_LINES)].join('\n');
  process.stderr.write(`${text}\n\n`);
}

function finish(summary: Readonly<Record<string, number>>): void {
  if (options.json) print([JSON.stringify(summary)]);
  else print(Object.entries(summary).map(([name, value]) => `${name.padEnd(26)}${value}`));
}

function secondsSoFar(): number {
  return Math.round((performance.now() - startedAt) / 100) / 10;
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
