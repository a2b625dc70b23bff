import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

    const { index } = await bundle({ index: entry }, join(directory, 'out'));

    const files = readdirSync(join(directory, 'out'));
    const code = files.filter((file) => file.endsWith('.mjs'));
    const bytes = code.map((file) => statSync(join(directory, 'out', file)).size);
    expect(index.totalBytes).toBe(bytes.reduce((sum, each) => sum + each, 0));
    expect(index.startBytes).toBeGreaterThan(500);
    expect(index.startBytes).toBeLessThan(index.totalBytes - 5000);
    expect(files).toContain('index.mjs.map');
    const { handler } = await import(pathToFileURL(join(directory, 'out', 'index.mjs')).href);
    expect(await handler()).toBe(500 + 5500);
  });

  it('has what two functions share once', async () => {
    const shared = 's'.repeat(5000);
    writeFileSync(join(directory, 'shared.ts'), `export const shared: string = '${shared}';`);
    const entries = { one: join(directory, 'one.ts'), two: join(directory, 'two.ts') };
    for (const entry of Object.values(entries)) {
      writeFileSync(
        entry,
        `import { shared } from './shared.ts'; export const handler = async () => shared;`,
      );
    }

    const { one, two } = await bundle(entries, join(directory, 'out'));

    const files = readdirSync(join(directory, 'out'));
    const code = files.filter((file) => file.endsWith('.mjs'));
    const texts = code.map((file) => readFileSync(join(directory, 'out', file), 'utf8'));
    expect(texts.filter((text) => text.includes(shared))).toHaveLength(1);
    for (const { startBytes } of [one, two]) expect(startBytes).toBeGreaterThan(5000);
    for (const name of ['one', 'two']) {
      const { handler } = await import(pathToFileURL(join(directory, 'out', `${name}.mjs`)).href);
      expect(await handler()).toBe(shared);
    }
  });

  it('says which entry is missing', async () => {
    const entry = join(directory, 'none.ts');

    await expect(bundle({ index: entry }, join(directory, 'out'))).rejects.toThrow(
      `there is no ${entry} to bundle`,
    );
  });

  it('fails for code that does not compile', async () => {
    const entry = join(directory, 'broken.ts');
    writeFileSync(entry, 'export const handler = ;');

    await expect(bundle({ index: entry }, join(directory, 'out'))).rejects.toThrow(
      'broken.ts:1:23',
    );
  });
});
