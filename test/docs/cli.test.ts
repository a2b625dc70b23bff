import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { cliRun } from '../support/cliRun.ts';
import { ROOT } from './shellBlocks.ts';

const page = readFileSync(join(ROOT, 'docs', 'cli.md'), 'utf8');
// What the commands print tells of others, and of the AWS CLI.
const FENCE = /^```(\w*)\n.*?^```$/gms;
const said = page.replaceAll(FENCE, (block, language) => (language === '' ? '' : block));
const [beginning = '', ...sections] = said.split(/^## /m);
/** What is said of a command, by its name: a section may be of several. */
const told = new Map(
  sections.flatMap((text) => {
    const [title = ''] = text.split('\n');
    return title.split(', ').map((name) => [name, text] as const);
  }),
);

const optionsIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/(?<![\w-])--[a-z][\w-]*/g)].map(([option]) => option));
/** Those that a help begins its lines with. */
const optionsOf = (help: string): ReadonlySet<string> =>
  new Set([...help.matchAll(/^ +(?:-\w, )?(--[a-z][\w-]*)/gm)].map(([, option = '']) => option));

/** The help of a command, and of the commands that it has. */
async function helpOf(...words: readonly string[]): Promise<string> {
  const { stdout } = await cliRun([...words, '--help']);
  const [, list = ''] = /^Commands:\n(.*?)(?:\n\n|$(?![\s\S]))/ms.exec(stdout) ?? [];
  const names = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name);
  const own = names.filter((name) => name !== 'help');
  return [stdout, ...(await Promise.all(own.map((name) => helpOf(...words, name))))].join('\n');
}

const commands = COMMANDS.map(({ name }) => name);

describe('docs/cli.md', () => {
  it('has every command', () => {
    expect([...told.keys()]).toEqual(expect.arrayContaining(commands));
  });

  it.each(commands.filter((name) => name !== 'local'))(
    'has the options of %s, and no others',
    async (name) => {
      const options = optionsOf(await helpOf(name));
      const text = told.get(name) ?? '';
      const mentioned = optionsIn(text);

      const common = optionsIn(beginning);
      const missing = [...options].filter((each) => !mentioned.has(each) && !common.has(each));
      expect(missing.filter((each) => each !== '--help')).toEqual([]);
      const ofSection = commands.filter((each) => told.get(each) === text);
      const helps = await Promise.all(ofSection.map((each) => helpOf(each)));
      const known = new Set(helps.flatMap((help) => [...optionsOf(help)]));
      expect([...mentioned].filter((each) => !known.has(each))).toEqual([]);
    },
  );
});

it('docs/cli.md has the options of npm start and of local, and no others', async () => {
  const script = join(ROOT, 'local', 'start.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--help']);
  const options = [...optionsOf(stdout)].filter((each) => each !== '--help');
  expect(options.length).toBeGreaterThan(5);
  const documented = [...optionsIn(told.get('local') ?? '')].filter((each) => each !== '--help');
  expect(documented.toSorted()).toEqual(options.toSorted());
});

it('docs/cli.md shows what estimate prints', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'docs-estimate-'));
  try {
    const lines = ['a', 'a', 'c', 'd', 'e', 'f', 'g'].map((id, index) => {
      const body = { model: 'm', messages: [{ role: 'user', content: 'x' }], stream: index === 6 };
      return JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body });
    });
    const file = join(directory, 'bad.jsonl');
    writeFileSync(file, lines.join('\n'));
    const { stdout } = await cliRun(['estimate', file, '--kind', 'openai']);
    const [, shown] = /^```\n(bad\.jsonl would be refused.*?)^```$/ms.exec(page) ?? [];
    expect(stdout).toBe(shown);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
