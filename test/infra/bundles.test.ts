import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../../infra/bundles.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bundles-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('bundle', () => {
  it('makes a module that runs, with what is imported lazily in chunks of their own', async () => {
    const entry = join(directory, 'entry.ts');
    writeFileSync(
      join(directory, 'shared.ts'),
      `export const shared: string = '${'s'.repeat(500)}';`,
    );
    writeFileSync(
      join(directory, 'lazy.ts'),
      `import { shared } from './shared.ts'; export const lazy = shared + '${'l'.repeat(5000)}';`,
    );
    writeFileSync(
      entry,
      `import { shared } from './shared.ts';
       export const handler = async () => shared.length + (await import('./lazy.ts')).lazy.length;`,
    );

    const { startBytes, totalBytes } = await bundle(entry, join(directory, 'out'));

    const files = readdirSync(join(directory, 'out'));
    const code = files.filter((file) => file.endsWith('.mjs'));
    const bytes = code.map((file) => statSync(join(directory, 'out', file)).size);
    expect(totalBytes).toBe(bytes.reduce((sum, each) => sum + each, 0));
    expect(startBytes).toBeGreaterThan(500);
    expect(startBytes).toBeLessThan(totalBytes - 5000);
    expect(files).toContain('index.mjs.map');
    const { handler } = await import(pathToFileURL(join(directory, 'out', 'index.mjs')).href);
    expect(await handler()).toBe(500 + 5500);
  });

  it('says which entry is missing', async () => {
    const entry = join(directory, 'none.ts');

    await expect(bundle(entry, join(directory, 'out'))).rejects.toThrow(
      `there is no ${entry} to bundle`,
    );
  });

  it('fails for code that does not compile', async () => {
    const entry = join(directory, 'broken.ts');
    writeFileSync(entry, 'export const handler = ;');

    await expect(bundle(entry, join(directory, 'out'))).rejects.toThrow('broken.ts:1:23');
  });
});
