import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { eventually } from '../local/fixtures/eventually.ts';
import { startCli } from '../support/cliProcess.ts';
import { cliRun } from '../support/cliRun.ts';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';

/** The contract for scripts: only JSON on stdout, and the exit codes of docs/cli.md. */

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'requests.jsonl');
const BAD = join(import.meta.dirname, 'fixtures', 'duplicate.jsonl');

let run: HandlerRun;
let local: string;
beforeAll(async () => {
  run = await startHandlerRun();
  local = `--local=${run.dataDirectory}`;
});
afterAll(() => run?.stop());

const batchHandler = (command: string) => cliRun([...command.split(' '), local]);

/** Adds a batch that waits for years, and waits until the handler has added it. */
async function addForLater(id: string): Promise<void> {
  const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString();
  await batchHandler(`add ${EXAMPLE} --id ${id} --not-before ${tomorrow}`);
  const shown = await eventually(
    () => batchHandler(`show ${id}`),
    ({ code }) => code === 0,
  );
  expect(shown.code).toBe(0);
}

describe('--json', () => {
  it.each([
    [`estimate ${EXAMPLE}`, 0],
    [`estimate ${BAD}`, 1],
    [`add ${EXAMPLE} --id trip --wait`, 0],
    [`add ${BAD} --id bad --wait`, 1],
    ['list', 0],
    ['show trip', 0],
    ['watch trip bad', 1],
    ['redeliver trip --wait', 0],
    ['pause openai', 0],
    ['resume openai', 0],
    ['drain --yes', 0],
    ['resume openai', 0],
  ] as const)('%s', async (command, code) => {
    const ran = await batchHandler(`${command} --json`);
    expect(ran.code).toBe(code);
    const lines = ran.stdout.trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object');
  });

  it.each(['show nobody', 'cancel nobody', 'watch nobody', 'redrive', 'list --status split'])(
    '%s prints nothing on stdout',
    async (command) => {
      const { stdout } = await batchHandler(`${command} --json`);
      expect(stdout).toBe('');
    },
  );
});

describe('the exit code', () => {
  it.each([
    ['is 2', 'for an unknown option', 'list --colour', 2],
    ['is 2', 'for a missing argument', 'show', 2],
    ['is 2', 'for an unknown batch', 'watch nobody', 2],
    ['is 2', 'for an unknown stack', 'list --stack Nowhere --handler x', 2],
  ])('%s %s', async (_, __, command, code) => {
    const ran = await batchHandler(command);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is 1 if a batch was cancelled or a wait timed out', async () => {
    await addForLater('later');
    expect(await batchHandler('watch later --timeout 0.1')).toMatchObject({ code: 1 });
    expect(await batchHandler('cancel later --wait')).toMatchObject({ code: 0 });
    expect(await batchHandler('watch later')).toMatchObject({ code: 1 });
  });

  it('is 3 if the stack does not answer', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'contract-'));
    // A killed run left this file, another process has its id, and nothing listens at its URL.
    const stack = { endpointUrl: 'http://127.0.0.1:1', stackName: 'Handler', pid: process.pid };
    writeFileSync(join(directory, 'stack.json'), JSON.stringify(stack));
    const ran = await cliRun(['list', `--local=${directory}`]);
    rmSync(directory, { recursive: true });
    expect(ran.stderr).toMatch(/^cannot reach .*ECONNREFUSED.*\n$/);
    expect(ran).toMatchObject({ code: 3, stdout: '' });
  });

  it('is 130 after ^C, which ends the wait but not the batch', async () => {
    await addForLater('endless');
    const { child, ended } = startCli(['watch', 'endless', local]);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stderr: '' });
    const { stdout } = await batchHandler('show endless --json');
    expect(JSON.parse(stdout)).toMatchObject({ cancelRequested: false });
  });

  it('of ^C is preceded by a new line on a terminal', async () => {
    const texts = { stdout: '', stderr: '' };
    const write = (name: keyof typeof texts) => (text: unknown) => {
      texts[name] += text;
    };
    const code = await runCli(['watch', 'endless', local], {
      stdout: { isTTY: true, write: write('stdout') },
      stderr: { isTTY: true, write: write('stderr') },
      interrupted: AbortSignal.abort(new Error('interrupted')),
      now: Date.now,
    });
    expect({ code, ...texts }).toEqual({ code: 130, stdout: '', stderr: '\n' });
  });
});
