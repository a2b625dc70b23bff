import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { type BatchHandler, createBatchHandler } from '../../inProcess/createBatchHandler.ts';
import { cliRun } from '../support/cliRun.ts';

let directory: string;
let handler: BatchHandler;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'serve-'));
  const openai = { kind: 'openai', apiKey: 'sk-test' } as const;
  handler = createBatchHandler({ directory, providers: { openai }, process: async () => {} });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await handler.close();
  rmSync(directory, { recursive: true });
});

/** Serves until `stop`, which resolves to how the command has ended. */
async function serve() {
  const interrupted = new AbortController();
  const printed = Promise.withResolvers<void>();
  const texts = { stdout: '', stderr: '' };
  const output = (name: keyof typeof texts) => ({
    write(text: string) {
      texts[name] += text;
      if (texts.stdout.includes('OPENAI_API_KEY')) printed.resolve();
    },
  });
  const ended = runCli(['serve', '--directory', directory, '--port', '0'], {
    ...{ stdout: output('stdout'), stderr: output('stderr') },
    ...{ interrupted: interrupted.signal, now: Date.now },
  });
  await printed.promise;
  const [, url = '', key = ''] =
    /OPENAI_BASE_URL=(\S+)\nexport OPENAI_API_KEY=(\S+)\n/.exec(texts.stdout) ?? [];
  return {
    ...{ texts, url, key },
    call: (path: string, bearer = key, init: RequestInit = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${bearer}` } }),
    stop: async () => {
      interrupted.abort(new Error('interrupted'));
      return { code: await ended, ...texts };
    },
  };
}

const REQUEST = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'A secret prompt' }] };
const LINE = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: REQUEST };

function form(): FormData {
  const fields = new FormData();
  fields.set('purpose', 'batch');
  fields.set('file', new Blob([`${JSON.stringify(LINE)}\n`]), 'secret-name.jsonl');
  return fields;
}

it('serves the batches of a directory to any client of OpenAI, until ^C', async () => {
  const { call, stop, key } = await serve();

  const uploaded = await call('/files', key, { method: 'POST', body: form() });
  const { id } = (await uploaded.json()) as { id: string };
  const body = JSON.stringify({
    input_file_id: id,
    endpoint: LINE.url,
    completion_window: '24h',
  });
  const created = await call('/batches', key, { method: 'POST', body });
  const batch = (await created.json()) as { id: string; status: string };
  expect(batch).toMatchObject({ object: 'batch', status: 'validating', input_file_id: id });
  expect(await handler.getBatch(batch.id)).toMatchObject({ status: 'inspecting' });

  const { code, stderr, stdout } = await stop();
  expect(code).toBe(0);
  expect(stderr).toContain(`no program runs the handler in ${directory}`);
  expect(stderr).toContain(batch.id);
  for (const secret of [key, 'A secret prompt', 'secret-name'])
    expect(stderr).not.toContain(secret);
  expect(stdout.split('\n')).toHaveLength(3);
  await expect(call('/models')).rejects.toThrow();
});

it('takes the keys of the handler beside its own, and no others', async () => {
  const { stdout } = await cliRun(['keys', 'create', '--name', 'test', '--directory', directory]);
  const { call, stop } = await serve();
  expect((await call('/models', stdout.trim())).status).toBe(200);
  expect((await call('/models', 'wrong')).status).toBe(401);
  await stop();
});

it('takes the key of the environment as its own, and does not show it', async () => {
  vi.stubEnv('BATCH_HANDLER_API_KEY', 'my-own-key');
  const { call, stop } = await serve();
  expect((await call('/models', 'my-own-key')).status).toBe(200);
  const { stdout, stderr } = await stop();
  expect(stdout + stderr).not.toContain('my-own-key');
});

it('says that the port is in use', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await cliRun([
    'serve',
    '--directory',
    directory,
    '--port',
    String(port),
  ]);
  other.close();
  expect(code).toBe(2);
  expect(stderr).toContain(`port ${port} of 127.0.0.1 is in use`);
});
