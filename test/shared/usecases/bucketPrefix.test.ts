import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { requestLine, upload, type World, world } from '../../support/world.ts';

const PREFIX = 'team/llm/';
const prefixed = (): World => world(DEFAULT_POLICY, PREFIX);

/** The keys of the bucket that do not begin with the prefix. */
const strays = (w: World) => [...w.bucket.objects.keys()].filter((key) => !key.startsWith(PREFIX));

async function deliver(w: World): Promise<void> {
  await w.workAll();
  await w.sweep();
  await w.workAll();
  const job = w.provider.jobs.at(-1);
  if (!job) throw new Error('no job was created');
  w.provider.end(job, { kind: 'completed' }, () => SUCCESS);
  await w.sweep();
  await w.workAll();
}

test('every key of a handler with a prefix begins with it, and the processor gets whole keys', async () => {
  const w = prefixed();
  await w.add('b1', ['a']);
  await deliver(w);

  const [event] = w.invocations;

  expect(event).toMatchObject({
    bucketPrefix: PREFIX,
    input: { key: expect.stringMatching(/^team\/llm\/batches\/b1\//) },
    results: { key: expect.stringMatching(/^team\/llm\/batches\/b1\//) },
    errors: { key: expect.stringMatching(/^team\/llm\/batches\/b1\//) },
  });
  expect(await w.rows(event?.results.key)).toHaveLength(1);
  expect(w.batch('b1').spec.source.key).toBe('team/llm/uploads/b1.jsonl');
  expect(strays(w)).toEqual([]);
});

test('a message names its file by the whole key, and inline requests are stored below the prefix', async () => {
  const w = prefixed();
  await upload(w.objects, 'uploads/mine.jsonl', [requestLine('a')]);
  await w.send({ batchId: 'named', file: `s3://test-bucket/${PREFIX}uploads/mine.jsonl` });
  const body = { model: 'm', input: 'text' };
  const request = { custom_id: 'a', method: 'POST', url: '/v1/embeddings', body };
  await w.send({ batchId: 'inline', requests: [request] });
  await w.workAll();

  expect(w.batch('named').status).toBe('queued');
  expect(w.batch('inline').status).toBe('queued');
  expect(strays(w)).toEqual([]);
});

test('an inbox is below the prefix: its folders name entries, and its rejections have whole keys', async () => {
  const w = prefixed();
  const put = async (key: string, line: string) => {
    await upload(w.objects, key, [line]);
    const head = await w.objects.head({ bucket: 'test-bucket', key: PREFIX + key });
    await w.send({ action: 'inbox', key: PREFIX + key, etag: head?.etag });
    await w.workAll();
  };
  await put('inbox/openai/good.jsonl', requestLine('a'));
  await put('inbox/bad.jsonl', '{"custom_id":1}');
  const text = w.bucket.text(`${PREFIX}inbox/bad.jsonl.rejected.json`);

  expect(w.batches.all().map(({ status, provider }) => [status, provider])).toContainEqual([
    'queued',
    'openai',
  ]);
  expect(w.bucket.objects.has(JSON.parse(text).errorsKey)).toBe(true);
  expect(w.deadLetters).toEqual([]);
});

test('files of the inbox are no inputs of messages, and other folders are no inbox', async () => {
  const w = prefixed();
  await w.send({ batchId: 'b1', file: `s3://test-bucket/${PREFIX}inbox/x.jsonl` });
  await w.send({ action: 'inbox', key: 'inbox/x.jsonl', etag: 'abc' });

  expect(w.deadLetters.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/is in the inbox.*use team\/llm\/uploads\//),
    expect.stringMatching(/key: must begin with team\/llm\/inbox\//),
  ]);
});
