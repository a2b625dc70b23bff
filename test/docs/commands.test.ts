import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocsStack, startDocsStack } from './docsStack.ts';
import { BEFORE, RUN_ELSEWHERE } from './preparations.ts';
import { commandOf, PAGES, ROOT, type ShellBlock, shellBlocks } from './shellBlocks.ts';

/** What a page takes for given and the project does not bring; of both lines of the AWS CLI. */
const PROGRAMS = {
  aws: {
    name: 'an AWS CLI of 2.14 or 1.30 and later',
    version: /^aws-cli\/(2\.(1[4-9]|[2-9]\d)|1\.[3-9]\d)\./,
  },
  jq: { name: 'jq', version: /^jq-/ },
};
const missing = Object.entries(PROGRAMS).filter(
  ([program, { version }]) =>
    !version.test(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
);

/** Shell functions, which the commands of all pages may use. */
const FUNCTIONS = /^\w+\(\) \{\n/;
const blocks = new Map(PAGES.map((page) => [page, shellBlocks(page).map(withoutOthers)]));
const functions = new Set(
  [...blocks.values()].flat().flatMap(({ script }) => (FUNCTIONS.test(script) ? [script] : [])),
);

let stack: DocsStack;
beforeAll(async () => {
  stack = await startDocsStack();
});
afterAll(() => stack?.stop());

describe.each([...blocks].filter(([, of]) => of.some(hasCommands)))('%s', (page, of) => {
  let directory: string;
  beforeAll(() => {
    directory = stack.directoryFor(page);
  });

  it.for(of.filter(hasCommands))(
    'works on the local stack: $place',
    async ({ script }, { skip }) => {
      const lacking = missing.find(([program]) => new RegExp(`\\b${program} `).test(script));
      skip(
        lacking !== undefined,
        `these commands need ${lacking?.[1].name}, which is not installed`,
      );
      const before: string[] = [];
      for (const line of script.split('\n'))
        before.push((await BEFORE[commandOf(line)]?.(stack.run)) ?? '');
      const all = [stack.exports, ...functions, ...before, script].join('\n');
      const args = ['-euo', 'pipefail', '-c', all];
      const { status, stdout, stderr } = await run('bash', args, directory);
      expect(status, `${stdout}${stderr}`).toBe(0);
      // The option is in hints of what to type next.
      expect(stderr.replaceAll(' --errors', '')).not.toMatch(/error/i);
    },
  );
});

it('what is run elsewhere is in one of the pages, and run there', () => {
  const lines = PAGES.flatMap(shellBlocks).flatMap(({ script }) => script.split('\n'));
  const commands = new Set(lines.map(commandOf));
  for (const [command, file] of Object.entries(RUN_ELSEWHERE)) {
    expect([...commands]).toContain(command);
    expect(existsSync(join(ROOT, file)), file).toBe(true);
  }
  expect([...commands]).toEqual(expect.arrayContaining(Object.keys(BEFORE)));
});

async function run(program: string, args: readonly string[], cwd: string) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await once(child, 'close');
  const [stdout, stderr] = await texts;
  return { status, stdout, stderr };
}

function withoutOthers({ place, script }: ShellBlock): ShellBlock {
  const lines = script.split('\n').filter((line) => !Object.hasOwn(RUN_ELSEWHERE, commandOf(line)));
  return { place, script: lines.join('\n') };
}

function hasCommands({ script }: ShellBlock): boolean {
  return script.trim() !== '' && !FUNCTIONS.test(script);
}
