import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { chartsOf } from './charts.ts';
import { type Section, withFigures } from './page.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

/** Puts the figures of a whole run, and their plots, into the page. */
export function writeDocs(sections: readonly Section[], loadBefore: number): void {
  const path = join(DOCS, 'performance.md');
  const page = withFigures(readFileSync(path, 'utf8'), circumstances(loadBefore), sections);
  const charts = chartsOf(sections.flatMap(({ figures }) => figures));
  const plots = join(DOCS, 'performance');
  mkdirSync(plots, { recursive: true });
  for (const [name, svg] of Object.entries(charts)) writeFileSync(join(plots, `${name}.svg`), svg);
  writeFileSync(path, page);
}

function circumstances(loadBefore: number): string {
  const [{ model = 'unknown processor' } = {}, ...others] = cpus();
  const cores = others.length + 1;
  const memory = Math.round(totalmem() / 1024 ** 3);
  const date = new Date().toISOString().slice(0, 10);
  const load = `load ${loadBefore.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after`;
  return `Measured on ${date}: ${cores} cores (${model}), ${memory} GiB, Node ${process.versions.node}, ${load}.`;
}
