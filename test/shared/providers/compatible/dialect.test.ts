import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_USABLE_ANSWER } from '../../../../shared/batch/errors.ts';
import {
  type CompatibleSettings,
  compatible,
} from '../../../../shared/providers/compatible/description.ts';
import { connectCompatible } from '../../../../shared/providers/compatible/index.ts';
import { entryAt } from '../entry.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { jobContext, KEY, listed } from '../steps.ts';
import { sendJson, startStubServer } from '../stubServer.ts';

type Answer = Parameters<typeof startStubServer>[0];

async function connect(answer: Answer, settings: Partial<CompatibleSettings> = {}) {
  const { url, requests } = await startStubServer(answer);
  const entry = entryAt(compatible, { baseUrl: `${url}/v1`, secret: 'any-key', settings });
  const provider = await connectCompatible(entry);
  return { provider, requests };
}

async function submitTo(answer: Answer, changes: object = {}, completionWindow?: string) {
  const { provider, requests } = await connect(answer, changes);
  const body = { model: 'gpt-4o', store: true, n: 1 };
  const file = await scratchFileOf([{ custom_id: 'a', method: 'POST', url: '/v1/x', body }]);
  onTestFinished(() => file.remove());
  const context = jobContext({ endpoint: '/v1/chat/completions', model: 'gpt-4o' });
  const rest = { completionWindow, file, requests: 1, createDeadlineMs: 60_000 };
  return { submitting: provider.submit({ ...context, ...rest }), requests };
}

describe('a service that is not quite OpenAI’s', () => {
  test('receives its own model names, without the fields of dropFields', async () => {
    const { submitting, requests } = await submitTo(
      (_request, response) => sendJson(response, { id: 'one' }),
      { models: { 'gpt-4o': 'vendor/model' }, dropFields: ['store'] },
    );
    await submitting;
    expect(requests[0]?.body).toContain('"body":{"model":"vendor/model","n":1}}');
    expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({
      endpoint: '/v1/chat/completions',
    });
  });

  test.each([
    [undefined, undefined, '24h'],
    ['7d', undefined, '7d'],
    ['7d', '1h', '1h'],
  ])('with the window %j, for a message with %j, gets %j', async (ofEntry, ofMessage, sent) => {
    const settings = ofEntry === undefined ? {} : { completionWindow: ofEntry };
    const { submitting, requests } = await submitTo(
      (_request, response) => sendJson(response, { id: 'one' }),
      settings,
      ofMessage,
    );
    await submitting;
    expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({ completion_window: sent });
  });

  test('receives the upload again without the expiry that it refuses', async () => {
    const { submitting, requests } = await submitTo(({ body }, response) => {
      const message = "Unrecognized request argument supplied: 'expires_after'";
      if (body.includes('expires_after')) sendJson(response, { error: { message } }, 400);
      else sendJson(response, { id: 'one' });
    });
    await expect(submitting).resolves.toEqual({ jobId: 'one' });
    expect(requests.map(({ path }) => path)).toEqual(['/v1/files', '/v1/files', '/v1/batches']);
  });

  test('receives no second upload after any other refusal', async () => {
    const { submitting, requests } = await submitTo((_request, response) =>
      sendJson(response, { error: { message: 'no such purpose' } }, 400),
    );
    await expect(submitting).rejects.toMatchObject({ kind: 'permanent' });
    expect(requests).toHaveLength(1);
  });

  const jobs = (list: object[], name = `${KEY}.jsonl`): Answer => {
    return ({ path }, response) => {
      if (path.startsWith('/v1/batches')) sendJson(response, { data: list, has_more: false });
      else if (path === '/v1/files/gone') sendJson(response, { error: { message: 'no' } }, 404);
      else if (path === '/v1/files/broken') sendJson(response, { error: { message: 'no' } }, 403);
      else sendJson(response, { id: 'file', filename: name });
    };
  };
  const job = (fields: object = {}) => ({
    id: 'one',
    status: 'in_progress',
    created_at: 1_000,
    input_file_id: 'file',
    ...fields,
  });

  test.each([
    ['no metadata', job(), `${KEY}.jsonl`, KEY],
    ['metadata that is null', job({ metadata: null }), `${KEY}.jsonl`, KEY],
    ['a file of somebody else', job(), 'mine.jsonl', undefined],
    ['a file that is gone', job({ input_file_id: 'gone', status: 'completed' }), '', undefined],
    ['metadata of the service', job({ metadata: { a: 'b' } }), `${KEY}.jsonl`, KEY],
    ['metadata of somebody else', job({ metadata: { a: 'b' } }), 'mine.jsonl', undefined],
  ])('has a job with %s, which only its file can identify', async (_what, wire, name, key) => {
    const { provider } = await connect(jobs([wire], name));
    expect(await listed(provider, 0)).toEqual([{ id: 'one', key, createdAt: 1_000_000 }]);
  });

  test('proves no absence if a file cannot be read', async () => {
    const { provider } = await connect(jobs([job({ input_file_id: 'broken' })]));
    await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'forbidden' });
  });

  test('proves no absence if the file of a job that runs is not visible', async () => {
    const { provider } = await connect(jobs([job({ input_file_id: 'gone' })]));
    await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
  });

  test('may page by cursors, as Groq does', async () => {
    const pages = [
      { data: [job({ id: 'newer', created_at: 5_000 })], paging: { next_cursor: 'next' } },
      { data: [job({ id: 'older', created_at: 4_000 })], paging: { next_cursor: null } },
    ];
    const { provider, requests } = await connect(({ path }, response) => {
      if (path.startsWith('/v1/batches')) sendJson(response, pages.shift());
      else sendJson(response, { id: 'file', filename: 'mine.jsonl' });
    });

    expect((await listed(provider, 0)).map(({ id }) => id)).toEqual(['newer', 'older']);
    const paths = requests.map(({ path }) => path).filter((path) => /batches/.test(path));
    expect(paths).toEqual(['/v1/batches?limit=100', '/v1/batches?limit=100&cursor=next']);
  });

  test('proves no absence if its cursor leads no further', async () => {
    const { provider } = await connect(({ path }, response) => {
      const page = { data: [job({ metadata: {} })], paging: { next_cursor: 'same' } };
      sendJson(response, path.startsWith('/v1/batches') ? page : {});
    });
    await expect(listed(provider, 0)).rejects.toMatchObject({ kind: 'transient' });
  });

  // https://docs.x.ai/docs/guides/batch-api and https://docs.together.ai/docs/inference/batch/overview
  test.each([
    ['xAI', { batches: [{ batch_id: 'b-1', state: { num_requests: 1 } }], pagination_token: null }],
    ['Together', [{ id: 'b-1', status: 'IN_PROGRESS' }]],
    ['a list of other objects', { data: [{ batch_id: 'b-1' }], has_more: false }],
  ])('that answers as %s does has no list that is understood', async (_name, answer) => {
    const { provider } = await connect((_request, response) => sendJson(response, answer));
    await expect(listed(provider, 0)).rejects.toMatchObject({
      kind: 'transient',
      reason: { code: NO_USABLE_ANSWER },
    });
  });

  test('that lists the oldest first is read to its end', async () => {
    const at = (second: number) =>
      job({
        id: `at-${second}`,
        created_at: second,
        input_file_id: 'gone',
        status: 'completed',
      });
    const pages = [
      { data: [at(1), at(2)], has_more: true },
      { data: [at(2_000), at(3_000)], has_more: false },
    ];
    const { provider, requests } = await connect(({ path }, response) =>
      path.startsWith('/v1/batches')
        ? sendJson(response, pages.shift())
        : sendJson(response, { error: { message: 'no' } }, 404),
    );

    const found = await listed(provider, 1_000_000);

    expect(found.map(({ id }) => id)).toEqual(['at-2000', 'at-3000']);
    expect(requests[1]?.path).toContain('after=at-2');
  });
});
