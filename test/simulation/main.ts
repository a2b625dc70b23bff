import { Command, InvalidArgumentError } from 'commander';
import { runInParallel } from './parallel.ts';
import { traceOf } from './runSchedules.ts';
import { ALL_GUARDS } from './schedule.ts';

/** Last lines of a trace to show for a seed that broke a promise. */
const TRACE_LINES = 60;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('must be a whole number');
}

const options = new Command('simulate')
  .description('Runs the system through seeded schedules of faults on virtual time.')
  .option('--schedules <n>', 'how many', wholeNumber, 10_000)
  .option('--seed <n>', 'the first seed', wholeNumber, 1)
  .option('--trace', 'show everything that happens under --seed')
  .option('--collecting', 'send single requests in every schedule, not only in some')
  .option('--json', 'end with one JSON line')
  .parse()
  .opts<{
    schedules: number;
    seed: number;
    trace?: boolean;
    collecting?: boolean;
    json?: boolean;
  }>();

const guards = options.collecting ? { ...ALL_GUARDS, collecting: true } : ALL_GUARDS;

if (options.trace) {
  for (const line of await traceOf(options.seed, guards)) process.stdout.write(`${line}\n`);
} else {
  const startedAt = performance.now();
  const tally = await runInParallel({ firstSeed: options.seed, count: options.schedules, guards });
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  for (const { seed, what } of tally.broken.slice(0, 3)) await show(seed, what);
  const { schedules, lost, unexpected, duplicated, recovered, violations } = tally;
  const summary = {
    schedules,
    seed: options.seed,
    lost,
    unexpected,
    duplicated,
    recovered,
    violations,
    seconds,
  };
  const text = options.json
    ? JSON.stringify(summary)
    : Object.entries(summary)
        .map(([name, value]) => `${name.padEnd(12)}${value}`)
        .join('\n');
  process.stdout.write(`${text}\n`);
  process.exitCode = lost + unexpected + duplicated + violations > 0 ? 1 : 0;
}

async function show(seed: number, what: readonly string[]): Promise<void> {
  const lines = (await traceOf(seed, guards)).slice(-TRACE_LINES);
  const text = [`seed ${seed}: ${what.join('; ')}`, ...lines].join('\n');
  process.stderr.write(`${text}\n\n`);
}
