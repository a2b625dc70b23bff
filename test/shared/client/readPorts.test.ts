import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { readPorts } from '../../../shared/client/index.ts';
import { PACKAGE_ROOT } from '../../../shared/package.ts';
import { cliRun } from '../../support/cliRun.ts';

const directory = mkdtempSync(join(tmpdir(), 'ports-'));
afterAll(() => rmSync(directory, { recursive: true }));

function moduleOf(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

it('the ports of a module are those that it gives to createHandlers, and its clientQueues', async () => {
  const text =
    "export const ports = { items: { name: 'table' } }; export const clientQueues = { names: [] };";
  expect(await readPorts(moduleOf('both.mjs', text))).toEqual({
    items: { name: 'table' },
    clientQueues: { names: [] },
  });
  expect(await readPorts(moduleOf('one.mjs', 'export const ports = {};'))).toEqual({});
});

it.each([
  ['missing.mjs', undefined, /missing\.mjs cannot be imported: /],
  [
    'broken.mjs',
    "throw new Error('needs DATABASE_URL');",
    /cannot be imported: needs DATABASE_URL/,
  ],
  ['other.mjs', 'export const port = {};', /does not export ports: export const ports = /],
])('%s is refused by the option --runtime, with what is wrong', async (name, text, message) => {
  const path = text === undefined ? join(directory, name) : moduleOf(name, text);
  const { code, stderr } = await cliRun(['list', '--runtime', path]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

it('does not wait for what the ports leave open', async () => {
  const open = 'export const ports = {}; setInterval(() => {}, 3_600_000);';
  const path = moduleOf('open.mjs', open);
  const main = join(PACKAGE_ROOT, 'cli', 'main.ts');
  const args = [main, 'list', '--runtime', path, '--local', join(directory, 'none')];
  await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({ code: 3 });
});
