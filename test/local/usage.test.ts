import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockDirectory } from '../../local/emulators/directoryLock.ts';
import { localRun } from './fixtures/localRun.ts';
import { temporaryDirectory } from './fixtures/toyStack.ts';

function fileWith(text: string): string {
  const path = join(temporaryDirectory(), 'input.jsonl');
  writeFileSync(path, text);
  return path;
}

/** One line on stderr and exit code 2. */
async function expectRefusal(args: readonly string[], line: RegExp): Promise<void> {
  const { code, stdout, stderr } = await localRun(args);
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

test('a file that does not exist', () =>
  expectRefusal(['nowhere.jsonl'], /^nowhere\.jsonl: no such file$/m));

test('a directory', () => expectRefusal([import.meta.dirname], /: not a file$/m));

test.each(['hello\n', '\n\n[1]\n', '"text"\n', '{"cut": ', '\u0089PNG\r\n'])(
  'a file that begins with %j',
  (text) =>
    expectRefusal([fileWith(text)], /input\.jsonl: not JSONL: its first line is not a JSON object/),
);

test('an unknown option', () => expectRefusal(['--fast'], /^unknown option '--fast'/));

test.each(['soon', '0', '2m'])('the interval %s', (interval) =>
  expectRefusal(
    ['--interval', interval],
    new RegExp(`'${interval}' is invalid.*over 0, up to 60s`),
  ),
);

test.each([
  [['--base-url', 'https://x'], '--base-url needs --provider'],
  [
    ['--plan', 'expired', '--provider', 'openai', '--base-url', 'https://x'],
    '--plan cannot be used with --base-url',
  ],
  [['--provider', 'openai', '--assembly', 'cdk.out'], '--provider cannot be used with --assembly'],
])('%j', (args, text) => expectRefusal(args, new RegExp(`^${text}`)));

test('a plan with an outcome that no simulator knows', () =>
  expectRefusal(['--plan', 'completed,maybe'], /unknown outcome "maybe", use completed, /));

test('a port that is no port', () => expectRefusal(['--port', '99999'], /from 1 to 65535/));

test('a port in use', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;

  await expectRefusal(['--port', String(port)], new RegExp(`^port ${port} is in use`));

  server.close();
});

test('a data directory in use', async () => {
  const data = mkdtempSync(join(temporaryDirectory(), 'data-'));
  const unlock = lockDirectory(data);

  await expectRefusal(['--data', data], /is in use by another local run/);

  unlock();
});

test('help', async () => {
  const { code, stdout } = await localRun(['--help']);

  expect(code).toBe(0);
  expect(stdout).toContain('--plan <outcomes>');
});
