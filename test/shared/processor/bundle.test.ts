import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundle } from '../../../infra/bundles.ts';

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared');
const TABLE_CLIENT = 'DynamoDB_20120810';

/** Bundles a script with one of the libraries, and gives the files of the bundle by their names. */
async function bundled(library: string, script: string): Promise<ReadonlyMap<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'library-'));
  try {
    const entry = join(directory, 'entry.ts');
    await writeFile(entry, script.replace('LIBRARY', join(SHARED, library, 'index.ts')));
    const out = join(directory, 'out');
    await bundle({ index: entry }, out);
    const read = async (name: string) => [name, await readFile(join(out, name), 'utf8')] as const;
    return new Map(await Promise.all((await readdir(out)).map(read)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const PROCESSOR = `
  import { defineProcessor } from 'LIBRARY';
  export const handler = defineProcessor(async () => {});`;
const CLIENT = `
  import { createClient } from 'LIBRARY';
  export const handler = () => createClient({ stack: 'BatchHandler' });`;

it('a processor loads the client of the table only when it runs once', async () => {
  // Act
  const files = await bundled('processor', PROCESSOR);

  // Assess
  const atStart = new Set(['index.mjs']);
  for (const file of atStart) {
    const imports = (files.get(file) ?? '').matchAll(/(?:from|\bimport)"\.\/([^"]+\.mjs)"/g);
    for (const [, imported = ''] of imports) atStart.add(imported);
  }
  expect(atStart.size).toBeGreaterThan(1);
  const having = [...files]
    .filter(([name, text]) => name.endsWith('.mjs') && text.includes(TABLE_CLIENT))
    .map(([name]) => name);
  expect(having).not.toEqual([]);
  expect(having.filter((file) => atStart.has(file))).toEqual([]);
});

it.each([
  ['processor', PROCESSOR],
  ['client', CLIENT],
])('the %s library brings no provider, not even lazily', async (library, script) => {
  const files = await bundled(library, script);

  const sources = [...files]
    .filter(([name]) => name.endsWith('.map'))
    .flatMap(([, map]) => (JSON.parse(map) as { sources: string[] }).sources);
  expect(sources.filter((path) => path.includes(`shared/${library}/`))).not.toEqual([]);
  const providers =
    /shared\/providers\/|node_modules\/(openai|@anthropic-ai|google-auth-library)\//;
  expect(sources.filter((path) => providers.test(path))).toEqual([]);
});
