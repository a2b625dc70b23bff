import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { separateLocal } from '../../cli/connect.ts';

const directory = mkdtempSync(join(tmpdir(), 'arguments-'));
const file = join(directory, 'requests.jsonl');
writeFileSync(file, '');
afterAll(() => rmSync(directory, { recursive: true }));

test.each([
  ['show x --local', 'show x --local'],
  ['list --local --json', 'list --local --json'],
  [`list --local ${directory}`, `list --local ${directory}`],
  ['list --local=not/yet', 'list --local=not/yet'],
  // Nor need a directory exist that looks like one: the error names it.
  ['list --local ./missing', 'list --local ./missing'],
  ['show x --local .local/typo', 'show x --local .local/typo'],
  ['add --local ./missing.jsonl', 'add --local=.local ./missing.jsonl'],
  // What is not a directory is the argument of the command.
  ['show --local x', 'show --local=.local x'],
  [`add --local ${file}`, `add --local=.local ${file}`],
  [`add ${file} --id nightly`, `add ${file} --id nightly`],
])('%s', (args, separated) => {
  expect(separateLocal(args.split(' '))).toEqual(separated.split(' '));
});
