import { parseArgs } from 'node:util';
import { BENCHMARKS } from './benchmarks.ts';
import type { Benchmark } from './figure.ts';

export interface CommandLine {
  /** One line of JSON a figure, and nothing else on stdout. */
  readonly json: boolean;
  /** Puts the figures and plots into docs/performance.md. */
  readonly writeDocs: boolean;
  readonly benchmarks: readonly Benchmark[];
}

/** @throws Error for what the caller can put right */
export function parseCommandLine(args: readonly string[]): CommandLine {
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
    throw new Error('--write-docs takes the figures of a whole run: leave --only out');
  const benchmarks = BENCHMARKS.filter(({ name }) => only.length === 0 || only.includes(name));
  return { json, writeDocs, benchmarks };
}
