import { describe, expect, it } from 'vitest';
import { refusal } from '../../../shared/batch/errors.ts';
import { BATCH_ID_PATTERN } from '../../../shared/batch/ids.ts';
import { fakeProvider, fakeProviders } from '../../support/fakes/fakeProvider.ts';
import { NOW } from '../../support/given.ts';
import { requestLine, upload, type World, world } from '../../support/world.ts';

const KEY = 'inbox/my requests.jsonl';

async function put(w: World, key = KEY, lines = [requestLine('a')]) {
  await upload(w.objects, key, lines);
  const head = await w.objects.head({ bucket: w.objects.bucket, key });
  return { action: 'inbox', key, etag: head?.etag ?? '' };
}

/** What lies beside a file. */
function rejectionOf(w: World, key = KEY) {
  const text = w.bucket.objects.get(`${key}.rejected.json`)?.toString();
  return text === undefined ? undefined : JSON.parse(text);
}

function withProviders(): World {
  const w = world();
  const claude = fakeProvider(() => NOW);
  Object.assign(w.dependencies, { providers: fakeProviders({ openai: w.provider, claude }) });
  return w;
}

describe('a file in the inbox', () => {
  it('becomes a batch at the default provider, with a readable id', async () => {
    const w = withProviders();
    await w.send(await put(w));
    await w.workAll();
    const [batch] = w.batches.all();
    expect(batch).toMatchObject({
      status: 'queued',
      provider: 'openai',
      spec: { source: { key: KEY } },
    });
    expect(batch?.batchId).toMatch(/^my-requests-[0-9a-f]{32}$/);
    expect(rejectionOf(w)).toBeUndefined();
    expect(w.deadLetters).toEqual([]);
  });

  it('becomes a batch of the entry that its first folder names', async () => {
    const w = withProviders();
    await w.send(await put(w, 'inbox/claude/2026/x.jsonl'));
    expect(w.batches.all()).toMatchObject([{ provider: 'claude' }]);
  });

  it.each([
    ['inbox/.jsonl', /^inbox-/],
    ['inbox/-_.jsonl', /^inbox-/],
    ['inbox/日本.jsonl', /^inbox-/],
    ['inbox/ünïcode.v1.jsonl', /^n-code\.v1-/],
    [`inbox/${'n'.repeat(200)}.jsonl`, /^n{60}-/],
  ])('gives %s a legal id', async (key, pattern) => {
    const w = world();
    await w.send(await put(w, key));
    const [batch] = w.batches.all();
    expect(batch?.batchId).toMatch(BATCH_ID_PATTERN);
    expect(batch?.batchId).toMatch(pattern);
  });

  it('is one batch however often its event comes, and two if it is overwritten', async () => {
    const w = world();
    const event = await put(w);
    await w.send(event);
    await w.workAll();
    await w.send(event);
    expect(w.batches.all()).toHaveLength(1);
    expect(w.workQueue).toEqual([]);
    await w.send(await put(w, KEY, [requestLine('b')]));
    await w.send(await put(w, 'inbox/my_requests.jsonl'));
    expect(new Set(w.batches.all().map(({ batchId }) => batchId)).size).toBe(3);
    expect(rejectionOf(w)).toBeUndefined();
  });

  it('is ignored if it is gone or was overwritten, since the new file has its own event', async () => {
    const w = world();
    const event = await put(w);
    await put(w, KEY, [requestLine('b')]);
    await w.send(event);
    w.bucket.objects.delete(KEY);
    await w.send(event);
    expect(w.batches.all()).toEqual([]);
    expect(w.deadLetters).toEqual([]);
    expect([...w.bucket.objects.keys()]).toEqual([]);
  });
});

/** The id that the file of the inbox gets, with these batches in the table. */
async function nextId(w: World): Promise<string> {
  const other = world();
  const taken = w.batches.all();
  for (const batch of taken) other.batches.put(batch);
  await other.send(await put(other));
  const ids = new Set(taken.map(({ batchId }) => batchId));
  const made = other.batches.all().find(({ batchId }) => !ids.has(batchId));
  return made?.batchId ?? '';
}

it('a file whose id was taken by another batch becomes a batch all the same, once', async () => {
  const w = world();
  const taken = await nextId(w);
  await w.add(taken, ['other']);
  const event = await put(w);
  await w.send(event);
  await w.send(event);
  const own = w.batches.all().filter(({ batchId }) => batchId !== taken);
  expect(own).toMatchObject([{ spec: { source: { key: KEY } } }]);
  expect(own[0]?.batchId).toMatch(/^my-requests-[0-9a-f]{32}$/);
  expect(rejectionOf(w)).toBeUndefined();
});

describe('a refused file has its reason beside it', () => {
  it('when its folder is no entry', async () => {
    const w = world();
    const event = await put(w, 'inbox/nobody/x.jsonl');
    await w.send(event);
    const { reasons, ...first } = rejectionOf(w, event.key);
    expect(first).toEqual({
      code: 'unknown_provider',
      message: expect.stringContaining('nobody'),
      at: new Date(NOW).toISOString(),
      etag: event.etag,
    });
    expect(reasons).toHaveLength(1);
    expect(w.batches.all()).toEqual([]);
    expect(w.deadLetters).toEqual([]);
    expect(w.metrics.get('MessagesRefused')).toBe(1);
  });

  it('when each of its three ids is taken by another input', async () => {
    const w = world();
    for (let taken = 0; taken < 3; taken++) await w.add(await nextId(w), [`other${taken}`]);
    await w.send(await put(w));
    expect(rejectionOf(w)).toMatchObject({ code: 'batch_exists' });
    expect(w.batches.all()).toHaveLength(3);
    expect(w.deadLetters).toEqual([]);
  });

  it('when it has bad lines, and its batch ends failed', async () => {
    const w = world();
    await w.send(await put(w, KEY, [requestLine('a'), 'nonsense', requestLine('a')]));
    await w.workAll();
    const [batch] = w.batches.all();
    expect(batch?.status).toBe('failed');
    const rejection = rejectionOf(w);
    expect(rejection).toMatchObject({
      code: 'invalid_json_line',
      line: 2,
      batchId: batch?.batchId,
    });
    const noted = { at: NOW, attempt: 0 };
    expect(rejection.reasons.map((each: object) => ({ ...each, ...noted }))).toEqual(
      batch?.reasons,
    );
    expect(await w.rows(rejection.errorsKey)).toHaveLength(2);
  });

  it('when it has changed before its snapshot, under the ETag that it had', async () => {
    const w = world();
    const event = await put(w);
    await w.send(event);
    await put(w, KEY, [requestLine('b')]);
    await w.workAll();
    expect(rejectionOf(w)).toMatchObject({ etag: event.etag, message: expect.any(String) });
  });

  it('but not for a file outside the inbox', async () => {
    const w = world();
    await upload(w.objects, 'uploads/b1.jsonl', ['nonsense']);
    await w.send({ batchId: 'b1' });
    await w.workAll();
    expect(w.batch('b1').status).toBe('failed');
    expect([...w.bucket.objects.keys()].filter((key) => key.endsWith('.rejected.json'))).toEqual(
      [],
    );
  });
});

describe('a message about the inbox is refused', () => {
  it.each([
    ['outside of it', { key: 'uploads/x.jsonl' }, 'inbox/'],
    ['of no batch file', { key: 'inbox/x.jsonl.rejected.json' }, '.jsonl'],
    ['whose key has no room beside it', { key: `inbox/${'é'.repeat(500)}.jsonl` }, 'too long'],
    ['with a quoted ETag', { etag: '"a"' }, 'without its quotes'],
    ['that names more', { provider: 'openai' }, 'provider'],
  ])('%s', async (_what, fields, reason) => {
    const w = world();
    await w.send({ action: 'inbox', key: KEY, etag: 'abc', ...fields });
    expect(w.deadLetters).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });

  it('and a batch’s file may not be in it', async () => {
    const w = world();
    await put(w);
    await w.send({ batchId: 'b1', file: `s3://${w.objects.bucket}/${KEY}` });
    expect(w.deadLetters[0]?.reason).toContain('use uploads/');
    expect(w.batches.all()).toEqual([]);
  });

  it('and moved to the dead-letter queue if its file may not be read', async () => {
    const w = world();
    const event = await put(w);
    w.objects.head = () => Promise.reject(refusal('source_not_readable', 'S3 refuses it'));
    await w.send(event);
    expect(w.deadLetters).toMatchObject([{ reason: 'source_not_readable: S3 refuses it' }]);
    expect(rejectionOf(w)).toBeUndefined();
  });

  it('but returns to the queue if it may succeed later', async () => {
    const w = world();
    const event = await put(w);
    w.dependencies.batches.create = () => Promise.reject(new Error('throttled'));
    await expect(w.send(event)).rejects.toThrow('throttled');
    expect(rejectionOf(w)).toBeUndefined();
  });
});
