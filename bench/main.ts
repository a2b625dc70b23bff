import '../local/assertNode.js';
import { loadavg } from 'node:os';
import { type CommandLine, parseCommandLine } from './commandLine.ts';
import type { Benchmark } from './figure.ts';
import { jsonLine } from './report/json.ts';
import type { Section } from './report/page.ts';
import { textTable } from './report/table.ts';
import { writeDocs } from './report/write.ts';

try {
  process.exitCode = (await run(parseCommandLine(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  report(error);
  process.exitCode = 2;
}
process.exit();

/** Whether all could be measured: a goal that is missed is a result like any other. */
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
