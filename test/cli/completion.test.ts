import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { cliRun } from '../support/cliRun.ts';

const directory = mkdtempSync(join(tmpdir(), 'completion-'));
writeFileSync(join(directory, 'my requests.jsonl'), '');
mkdirSync(join(directory, 'my state'));
const ODD = ['odd*', 'odd1', 'odd[1]', 'odd$(touch x)', 'odd\'"`'];
for (const name of ODD) writeFileSync(join(directory, name), '');
afterAll(() => rmSync(directory, { recursive: true }));

const runIn = (shell: string, ...args: readonly string[]) =>
  spawnSync(shell, args, { cwd: directory, encoding: 'utf8' });
const has = (shell: string) => runIn(shell, '-c', 'exit 0').status === 0;
const scriptOf = async (shell: string) => (await cliRun(['completion', shell])).stdout;
const bash = await scriptOf('bash');

/** What bash completes the last of the words to. */
function completed(...words: readonly string[]): readonly string[] {
  const set = words.map((word) => `'${word}'`).join(' ');
  const script = `${bash}
complete -p batch-handler >&2
COMP_WORDS=(batch-handler ${set}); COMP_CWORD=${words.length}
_batch_handler 2>/dev/null
[ \${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "\${COMPREPLY[@]}"`;
  const run = runIn('bash', '-c', script);
  expect(run.stderr).toBe('complete -F _batch_handler batch-handler\n');
  return run.stdout.split('\n').filter((line) => line !== '');
}

describe('bash completes', () => {
  it('the commands', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(completed('')).toEqual([...names, 'help', '--help', '--version']);
    expect(completed('re')).toEqual([
      'results',
      'retry',
      'redeliver',
      'resume',
      'redrive',
      'remove',
    ]);
    expect(completed('help', 'ad')).toEqual(['add']);
  });

  it('the options of a command', () => {
    expect(completed('add', '--m')).toEqual(['--metadata', '--max-cost']);
    expect(completed('list', '--st')).toEqual(expect.arrayContaining(['--stack', '--status']));
    expect(completed('show', 'x', '--js')).toEqual(['--json']);
    expect(completed('doctor', '--max')).toEqual([]);
  });

  it('the commands of a command, and the options of all of them', () => {
    expect(completed('keys', '')).toEqual(['create', 'list', 'revoke']);
    expect(completed('keys', 're')).toEqual(['revoke']);
    expect(completed('keys', 'create', '--da')).toEqual(['--daily-budget']);
    expect(completed('keys', 'revoke', '')).toEqual([]);
  });

  it('the values of options', () => {
    expect(completed('estimate', 'x.jsonl', '--kind', 'g')).toEqual(['gemini']);
    expect(completed('add', '--format', '')).toEqual(['openai', 'native']);
    expect(completed('list', '--status', 'co')).toEqual(['collecting', 'completed']);
    expect(completed('redrive', '--queue', 'w')).toEqual(['work']);
    expect(completed('list', '--local', 'my')).toEqual(['my state']);
    // Nothing is known of an id.
    expect(completed('add', '--id', '')).toEqual([]);
    expect(completed('show', '')).toEqual([]);
  });

  it('files, whatever their names', () => {
    expect(completed('add', 'my').toSorted()).toEqual(['my requests.jsonl', 'my state']);
    expect(completed('results', 'x', '--out', 'my r')).toEqual(['my requests.jsonl']);
    expect(completed('add', 'odd').toSorted()).toEqual(ODD.toSorted());
  });
});

it.skipIf(!has('zsh'))('the script for zsh is one, and registers itself', async () => {
  const script = `autoload -Uz compinit; compinit -D -u; ${await scriptOf('zsh')}
    print $_comps[batch-handler]`;
  const { stdout, stderr } = runIn('zsh', '-f', '-c', script);
  expect({ stdout, stderr }).toEqual({ stdout: '_batch_handler\n', stderr: '' });
});

it.skipIf(!has('fish'))('fish completes commands, options and values', async () => {
  const script = await scriptOf('fish');
  for (const [line, words] of [
    ['batch-handler re', ['redeliver', 'redrive', 'remove', 'results', 'resume', 'retry']],
    ['batch-handler add --max', ['--max-cost']],
    ['batch-handler add --format ', ['native', 'openai']],
    ['batch-handler keys re', ['revoke']],
  ] as const) {
    const asked = `${script}\ncomplete -C '${line}'`;
    const { stdout } = runIn('fish', '--no-config', '-c', asked);
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((each) => each.split('\t')[0]);
    expect(found.toSorted()).toEqual(words);
  }
});

it('another shell is refused', async () => {
  const { code, stderr } = await cliRun(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('Allowed choices are bash, zsh, fish.');
});
