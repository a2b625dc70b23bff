import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bundle } from '../infra/bundles.ts';

const bundles = new Map<string, Promise<string>>();
let root: string | undefined;

/** The script as a bundle like those of the functions: its path. Bundled once. */
export function bundled(script: string): Promise<string> {
  const known = bundles.get(script);
  if (known) return known;
  const directory = join(rootDirectory(), basename(script, '.ts'));
  const path = bundle({ index: script }, directory).then(() => join(directory, 'index.mjs'));
  bundles.set(script, path);
  return path;
}

function rootDirectory(): string {
  if (root !== undefined) return root;
  const created = mkdtempSync(join(tmpdir(), 'bench-bundles-'));
  process.once('exit', () => rmSync(created, { recursive: true, force: true }));
  root = created;
  return created;
}
