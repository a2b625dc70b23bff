import '../local/assertNode.js';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { apiBenchmark } from './api.ts';
import { coldStartBenchmark } from './coldStart/coldStart.ts';
import { collectBenchmark } from './collect.ts';
import { comparisonBenchmark } from './comparison/comparison.ts';
import { costBenchmark } from './cost.ts';
import type { Benchmark } from './harness/figures.ts';
import { inspectBenchmark } from './inspect.ts';
import { latencyBenchmark } from './latency.ts';
import { mergeBenchmark } from './merge.ts';
import { jsonLine, type Section, textTable, writeDocs } from './report/page.ts';
import { runningBenchmark } from './running.ts';
import { sweepBenchmark } from './sweep.ts';
import { tableBenchmark } from './table.ts';
import { uploadBenchmark } from './upload.ts';

const BENCHMARKS: readonly Benchmark[] = [
  sweepBenchmark,
  tableBenchmark,
  runningBenchmark,
  collectBenchmark,
  uploadBenchmark,
  inspectBenchmark,
  mergeBenchmark,
  coldStartBenchmark,
  latencyBenchmark,
  apiBenchmark,
  costBenchmark,
  comparisonBenchmark,
];

interface CommandLine {
  /** Prints one line of JSON a figure, and nothing else on stdout. */
  readonly json: boolean;
  /** Writes the figures and plots into docs/performance.md. */
  readonly writeDocs: boolean;
  readonly benchmarks: readonly Benchmark[];
}

try {
  process.exitCode = (await run(parseCommandLine(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  report(error);
  process.exitCode = 2;
}
process.exit();

/** @throws Error if an option is unknown or names no benchmark */
function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
    },
  });
  const { json, only, 'write-docs': writeDocs } = values;
  const names = BENCHMARKS.map(({ name }) => name);
  for (const name of only)
    if (!names.includes(name))
      throw new Error(`there is no benchmark ${name}: use one of ${names.join(', ')}`);
  if (writeDocs && only.length > 0)
    throw new Error('--write-docs needs the figures of a whole run: leave --only out');
  const benchmarks = BENCHMARKS.filter(({ name }) => only.length === 0 || only.includes(name));
  return { json, writeDocs, benchmarks };
}

/** True if every benchmark could be measured. A missed goal is a result like any other. */
async function run(commandLine: CommandLine): Promise<boolean> {
  const { json, benchmarks } = commandLine;
  const [loadBefore = 0] = loadavg();
  const sections: Section[] = [];
  for (const benchmark of benchmarks) {
    const section = await measure(benchmark);
    if (section === undefined) continue;
    const { title, figures } = section;
    process.stdout.write(json ? figures.map(jsonLine).join('') : textTable(title, figures));
    sections.push(section);
  }
  const isComplete = sections.length === benchmarks.length;
  if (commandLine.writeDocs && isComplete) writeDocs(sections, loadBefore);
  return isComplete;
}

async function measure({ name, title, run }: Benchmark): Promise<Section | undefined> {
  try {
    return { title, figures: await run() };
  } catch (error) {
    report(error, `${name} could not be measured: `);
    return undefined;
  }
}

function report(error: unknown, prefix = ''): void {
  process.stderr.write(`${prefix}${error instanceof Error ? error.message : String(error)}\n`);
}
