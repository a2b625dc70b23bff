import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bundle } from '../../../infra/bundles.ts';

const TABLE_CLIENT = 'DynamoDB_20120810';

it('a processor loads the client of the table only when it runs once', async () => {
  // Prepare
  const directory = await mkdtemp(join(tmpdir(), 'processor-'));
  const library = fileURLToPath(new URL('../../../shared/processor/index.ts', import.meta.url));
  const entry = join(directory, 'entry.ts');
  await writeFile(
    entry,
    `import { defineProcessor } from '${library}'; export const handler = defineProcessor(async () => {});`,
  );
  const read = (file: string) => readFile(join(directory, 'out', file), 'utf8');
  try {
    // Act
    await bundle({ index: entry }, join(directory, 'out'));
    // Assess
    const atStart = new Set(['index.mjs']);
    for (const file of atStart) {
      const imports = (await read(file)).matchAll(/(?:from|\bimport)"\.\/([^"]+\.mjs)"/g);
      for (const [, imported = ''] of imports) atStart.add(imported);
    }
    expect(atStart.size).toBeGreaterThan(1);
    const code = (await readdir(join(directory, 'out'))).filter((file) => file.endsWith('.mjs'));
    const having: string[] = [];
    for (const file of code) if ((await read(file)).includes(TABLE_CLIENT)) having.push(file);
    expect(having).not.toEqual([]);
    expect(having.filter((file) => atStart.has(file))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
