import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../inProcess/database.ts';
import { announceProcess, writeDescription } from '../../inProcess/directory.ts';
import { fileObjects } from '../../inProcess/fileObjects.ts';
import { createDirectoryClient } from '../../inProcess/openDirectory.ts';
import { sqliteQueues } from '../../inProcess/sqliteQueues.ts';
import { sqliteTable } from '../../inProcess/sqliteTable.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import { PACKAGE_ROOT, PACKAGE_VERSION } from '../../shared/package.ts';
import { batchItemId } from '../../shared/stores/batchItem.ts';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { cliRun } from '../support/cliRun.ts';
import { type Changes, given, NOW } from '../support/given.ts';

/** A directory as a program leaves it that has run the handler, and the ports of that program. */
function newDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'directory-'));
  writeDescription(directory, {
    version: PACKAGE_VERSION,
    settings: { providers: { openai: { kind: 'openai' } }, policy: {} },
    limits: { openai: { maxInFlight: 3 } },
  });
  const database = openDatabase(directory);
  const items = sqliteTable(database);
  const batches = batchStore(items, DEFAULT_POLICY);
  return {
    directory,
    items,
    objects: fileObjects(directory),
    queues: sqliteQueues(database, Date.now),
    create: (status: 'queued' | 'completed', changes: Changes) =>
      batches.create(given(status, { version: 0, createdAt: Date.now(), ...changes })),
    run: (...args: readonly string[]) => cliRun([...args, '--directory', directory]),
    remove() {
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

let handler: ReturnType<typeof newDirectory>;
beforeEach(() => {
  handler = newDirectory();
});
afterEach(() => handler.remove());

const lines = (text: string) => text.trim().split('\n');
const parsed = (text: string) => lines(text).map((line) => JSON.parse(line));

async function written(key: string, text: string): Promise<void> {
  const writer = handler.objects.writer(key);
  await writer.write(Buffer.from(text));
  await writer.close();
}

function received() {
  const message = handler.queues.receive('batch', 60);
  return message && JSON.parse(message.body);
}

describe('in a directory, without AWS', () => {
  it('list, show and results read what the program has written, also while none runs', async () => {
    await handler.create('queued', { batchId: 'waits' });
    const rows = { results: 'batches/done/t/results.jsonl', errors: 'batches/done/t/errors.jsonl' };
    await handler.create('completed', { batchId: 'done', rows });
    await written(rows.results, '{"custom_id":"a"}\n');

    const all = parsed((await handler.run('list', '--json')).stdout);
    expect(all.map(({ batchId }) => batchId).toSorted()).toEqual(['done', 'waits']);
    const open = parsed((await handler.run('list', '--status', 'open', '--json')).stdout);
    expect(open).toMatchObject([{ batchId: 'waits', waitingFor: { kind: 'queue' } }]);
    const [shown] = parsed((await handler.run('show', 'done', '--json')).stdout);
    expect(readFileSync(shown.results, 'utf8')).toBe('{"custom_id":"a"}\n');
    expect((await handler.run('results', 'done')).stdout).toBe('{"custom_id":"a"}\n');
    expect((await handler.run('providers')).stdout).toMatch(/^openai +ready +0 of 3 +1 /m);
  });

  it('add copies the file and sends the message, and says that no program runs', async () => {
    const file = join(handler.directory, 'requests.jsonl');
    writeFileSync(file, '{"custom_id":"a"}\n');

    const added = await handler.run('add', file, '--id', 'mine');

    expect(added).toMatchObject({ code: 0, stdout: `added mine from ${file}\n` });
    expect(added.stderr).toBe(
      `no program runs the handler in ${handler.directory}: its batches wait until you start yours\n`,
    );
    const message = received();
    expect(message).toMatchObject({ batchId: 'mine' });
    const [, key = ''] = /^s3:\/\/directory\/(.*)$/.exec(message.file) ?? [];
    expect(await handler.objects.head({ bucket: 'directory', key })).toMatchObject({ bytes: 18 });
  });

  it('says that no program runs only where something waits for it', async () => {
    await handler.create('completed', { batchId: 'over' });
    const refused = await handler.run('cancel', 'over');
    expect(refused.stderr).toBe('cannot cancel batch over: it is completed\n');
    expect((await handler.run('watch', 'over')).stderr).not.toContain('no program runs');

    await handler.create('queued', { batchId: 'waits' });
    const text = `no program runs the handler in ${handler.directory}`;
    expect((await handler.run('cancel', 'waits')).stderr).toContain(text);
    expect((await handler.run('watch', 'waits', '--timeout', '0.1')).stderr).toContain(text);
  });

  it('a refused message is found with its reason', async () => {
    const client = createDirectoryClient(handler.directory);
    const file = join(handler.directory, 'requests.jsonl');
    writeFileSync(file, '{"custom_id":"a"}\n');
    const sent = await client.addBatch({ file, batchId: 'mine' });
    const body = JSON.stringify({ batchId: 'mine' });
    await handler.queues.sendDeadLetter('batch', body, 'no_room: none', sent.messageId ?? '');

    await expect(client.waitForBatch(sent)).rejects.toMatchObject({
      code: 'refused',
      message: 'the message for batch mine was refused: no_room: none',
    });
  });

  it('cancel sends its message, and redrive moves the dead letters back', async () => {
    const stop = announceProcess(handler.directory);
    await handler.create('queued', { batchId: 'waits' });
    expect(await handler.run('cancel', 'waits')).toMatchObject({ code: 0, stderr: '' });
    expect(received()).toMatchObject({ action: 'cancel', batchId: 'waits' });

    await handler.queues.sendDeadLetter('batch', '{"batchId":"b"}', 'broken: yes', 'message-1');
    const moved = await handler.run('redrive', '--yes');
    expect(moved.stderr).toContain('1× broken: yes');
    expect(moved).toMatchObject({ code: 0, stdout: 'batch: 1 moved back\n' });
    expect(received()).toEqual({ batchId: 'b' });
    stop();
  });

  it('remove tells what a broken record still says, and sends the message', async () => {
    const id = batchItemId('broken');
    const item = { id, writeToken: 't', schemaVersion: 1, version: 1, status: 'running' };
    await handler.items.put({ ...item, record: '{' }, { is: 'absent' });

    const removed = await handler.run('remove', 'broken', '--yes');

    expect(removed.stderr).toContain('broken was running');
    expect(received()).toEqual({ action: 'remove', batchId: 'broken' });
  });

  it.each([
    ['pause', 'openai'],
    ['resume', 'openai'],
    ['drain', '--yes'],
  ])('%s ends with 3 if no program runs that would carry it out', async (...args) => {
    const { code, stderr } = await handler.run(...args);
    expect(code).toBe(3);
    expect(stderr).toContain(`no program runs the handler in ${handler.directory}. Start yours`);
  });

  it('doctor checks what there is', async () => {
    const silent = await handler.run('doctor', '--json');
    expect(silent.code).toBe(1);
    expect(parsed(silent.stdout)).toContainEqual({
      check: 'process',
      level: 'problem',
      what: `no process runs ${handler.directory}: no batch makes progress`,
      fix: 'start the program that calls createBatchHandler with this directory',
    });

    const stop = announceProcess(handler.directory);
    const running = await handler.run('doctor', '--json');
    expect(running.code).toBe(0);
    expect(parsed(running.stdout).map(({ check, level }) => `${check} ${level}`)).toEqual([
      ...['process ok', 'version ok', 'sweep note', 'queues ok', 'dead letters ok'],
      ...['admission ok', 'waiting ok', 'overdue ok', 'records ok'],
    ]);
    stop();
  });

  it('a process that was killed does not count once its heartbeat has stopped', async () => {
    const stop = announceProcess(handler.directory);
    const long = NOW / 1000 - 1_000_000_000;
    utimesSync(join(handler.directory, 'processes', String(process.pid)), long, long);
    expect((await handler.run('doctor')).stdout).toContain('no process runs');
    stop();
  });
});

it('what needs AWS, another place or a handler says so in one line', async () => {
  const key = await handler.run('key', 'openai');
  expect(key).toMatchObject({ code: 2, stderr: expect.stringContaining('gives the keys to') });
  const both = await handler.run('list', '--stack', 'Mine');
  expect(both.stderr).toContain('--directory cannot be used with --stack');
  const missing = await cliRun(['list', '--directory', join(handler.directory, 'none')]);
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no handler in'),
  });
  writeFileSync(join(handler.directory, 'handler.json'), '{}');
  expect((await handler.run('list')).stderr).toContain('start your program again');
});

it('the command line loads no AWS SDK for a directory', async () => {
  const refuse = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (/^@(aws-sdk|smithy)/.test(name)) throw new Error('loads ' + name);
      return next(name, context);
    } });`;
  const run = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [
      ...['--import', `data:text/javascript,${encodeURIComponent(refuse)}`],
      ...[join(PACKAGE_ROOT, 'cli', 'main.ts'), ...args],
    ]);
  const { stderr } = await run('list', '--directory', handler.directory);
  expect(stderr).toBe(`no batches in ${handler.directory}\n`);
  await expect(run('list', '--region', 'us-east-1')).rejects.toThrow('loads @aws-sdk');
});
