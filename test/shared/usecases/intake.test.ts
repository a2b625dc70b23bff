import { describe, expect, it } from 'vitest';
import { NewerSchemaError } from '../../../shared/batch/errors.ts';
import { upload, world } from '../../support/harness.ts';
import { requestLine } from '../../support/world.ts';

const LONG = 'a'.repeat(101);

describe('a message that can never succeed goes to the dead-letter queue with its reason', () => {
  it.each([
    ['is not JSON', 'hello', 'not JSON'],
    ['is no object', '[1]', 'not a JSON object'],
    [
      'has an unknown action',
      { action: 'explode', batchId: 'x' },
      '"explode" is unknown: use one of add, cancel',
    ],
    ['has an action of another type', { action: 5 }, 'action 5 is unknown'],
    [
      'names a window at an entry that has only one',
      { batchId: 'x', completionWindow: '1h' },
      'option_refused: completionWindow is 1h: jobs of provider openai have no other than 24h',
    ],
    ['names an unknown provider', { batchId: 'x', provider: 'nobody' }, 'nobody'],
    [
      'has an id with a slash',
      { batchId: 'a/b' },
      'batchId: "a/b" must be 1 to 100 of A-Z a-z 0-9 . _ - and start with a letter or a digit',
    ],
    ['has an id that climbs', { batchId: '..' }, 'batchId: ".." must be 1 to 100'],
    [
      'has the id of a batch that the collector makes',
      { batchId: 'collected-0123456789abcdef-12' },
      '"collected-0123456789abcdef-12" must not have a form that the handler gives itself: choose another',
    ],
    [
      'has the id of a message that gives none',
      { batchId: 'm-5fea7756-0ea4-451a-a703-a558b933e274' },
      '" must not have a form that the handler gives itself: choose another batchId, or leave it out',
    ],
    [
      'has an id of 101 characters',
      { batchId: LONG },
      `batchId: "${LONG.slice(0, 100)}…" must be 1 to 100`,
    ],
    ['has a unicode id', { batchId: 'bücher' }, 'batchId: "bücher" must be 1 to 100'],
    ['has a field that does not exist', { batchId: 'x', endPoint: '/v1/embeddings' }, 'endPoint'],
    [
      'names no file that exists',
      { batchId: 'x' },
      'there is no object s3://test-bucket/uploads/x.jsonl',
    ],
    ['gives both a file and requests', { file: 's3://test-bucket/f', requests: [{}] }, 'not both'],
    [
      'has an endpoint that the provider does not support',
      { batchId: 'x', endpoint: '/v1/videos' },
      'use one of /v1/chat/completions',
    ],
    [
      'points at another pointer',
      { action: 'pointer', key: 'uploads/messages/p.json' },
      'another pointer',
    ],
    ['points elsewhere', { action: 'pointer', key: 'batches/x' }, 'uploads/messages/'],
    [
      'retries a batch that does not exist',
      { action: 'retry', batchId: 'x' },
      'there is no batch x to retry',
    ],
  ])('%s', async (_, message, reason) => {
    const w = world();
    await upload(w.objects, 'uploads/messages/p.json', [
      '{"action":"pointer","key":"uploads/messages/p.json"}',
    ]);
    await w.send(message, 'm1', 3);
    expect(w.deadLetters).toHaveLength(1);
    expect(w.deadLetters[0]?.reason).toContain(reason.replace('test-bucket', w.objects.bucket));
    expect(w.deadLetters[0]?.messageId).toBe('m1');
    expect(w.metrics.get('MessagesRefused')).toBe(1);
  });

  it('never repeats the text of a request', async () => {
    const w = world();
    await w.send({ requests: ['a secret prompt'] });
    expect(w.deadLetters[0]?.reason).toContain('requests[0]: must be an object');
    expect(w.deadLetters[0]?.reason).not.toContain('secret');
    expect(w.logged.join()).not.toContain('secret');
  });

  it('a command that the status does not allow is refused with the status', async () => {
    const w = world();
    await w.add('b1', ['a']);
    await w.send({ action: 'redeliver', batchId: 'b1' });
    expect(w.deadLetters[0]?.reason).toContain('cannot redeliver batch b1');
  });
});

describe('a message that may succeed later returns to the queue', () => {
  it('when its version is newer', async () => {
    const w = world();
    await expect(w.send({ schemaVersion: 2, batchId: 'x' })).rejects.toThrow(NewerSchemaError);
  });

  it('when the message that adds its batch may not have arrived yet', async () => {
    const w = world();
    await expect(w.send({ action: 'cancel', batchId: 'x' }, 'm1', 1)).rejects.toThrow(
      'may not have arrived yet',
    );
    expect(w.deadLetters).toEqual([]);
  });
});

describe('adding a batch', () => {
  it('twice with the same input does nothing', async () => {
    const w = world();
    await w.add('b1', ['a']);
    await w.send({ batchId: 'b1' });
    expect(w.batches.all()).toHaveLength(1);
    expect(w.workQueue).toHaveLength(1);
    expect(w.deadLetters).toEqual([]);
  });

  it('twice with another input is refused', async () => {
    const w = world();
    await w.add('b1', ['a']);
    await w.add('b1', ['other']);
    expect(w.deadLetters[0]?.reason).toContain('batch b1 exists with another input');
    expect(w.batch('b1').version).toBe(0);
  });

  it('of another tenant, with the id and the input of one that exists, is refused', async () => {
    const w = world();
    await w.add('b1', ['a'], { tenant: 'research' });
    await w.send({ batchId: 'b1', tenant: 'research' });
    expect(w.deadLetters).toEqual([]);
    await w.send({ batchId: 'b1', tenant: 'sales' });
    await w.send({ batchId: 'b1' });
    expect(w.deadLetters).toHaveLength(2);
    expect(w.batch('b1').spec.tenant).toBe('research');
  });

  it('takes its id from the message when none is given, and requests in the message', async () => {
    const w = world();
    const requests = [JSON.parse(requestLine('a')), JSON.parse(requestLine('b'))];
    await w.send({ requests, metadata: { team: 'blue' } }, 'message-7');
    await w.send({ requests, metadata: { team: 'blue' } }, 'message-7');
    await w.workAll();
    expect(w.batch('m-message-7')).toMatchObject({
      status: 'queued',
      spec: { metadata: { team: 'blue' } },
      input: { requests: 2 },
    });
  });

  it.each(['collected-2026-12', 'm-1', 'm-5fea7756', 'collected-0123456789abcdef'])(
    'takes %s for an id: only the forms that the handler gives are reserved',
    async (batchId) => {
      const w = world();
      await w.add(batchId, ['a']);
      expect(w.batch(batchId).status).toBe('inspecting');
    },
  );

  it('reads a large message from the object that it points to', async () => {
    const w = world();
    await upload(w.objects, 'uploads/b1.jsonl', [requestLine('a')]);
    await upload(w.objects, 'uploads/messages/p.json', ['{"batchId":"b1"}']);
    await w.send({ action: 'pointer', key: 'uploads/messages/p.json' });
    expect(w.batch('b1').status).toBe('inspecting');
  });
});

describe('inspecting', () => {
  it('refuses a bad input before anything is submitted, with line numbers in the record and the error file', async () => {
    const w = world();
    await upload(w.objects, 'uploads/b1.jsonl', [requestLine('a'), 'nonsense', requestLine('a')]);
    await w.send({ batchId: 'b1' });
    await w.workAll();
    const batch = w.batch('b1');
    expect(batch).toMatchObject({
      status: 'failed',
      reasons: [
        { code: 'invalid_json_line', line: 2 },
        { code: 'duplicate_custom_id', line: 3 },
      ],
    });
    expect(await w.rows(batch.inputErrorsKey)).toMatchObject([
      { error: { line: 2 } },
      { custom_id: 'a', error: { line: 3 } },
    ]);
    await w.sweep();
    expect(w.provider.jobs).toEqual([]);
  });

  it('refuses a request that is larger than a whole job may be', async () => {
    const w = world();
    const { limits } = w.provider;
    Object.assign(w.provider, { limits: { ...limits, maxBytes: 10 } });
    await w.add('b1', ['a']);
    await w.workAll();
    expect(w.batch('b1')).toMatchObject({
      status: 'failed',
      reasons: [{ code: 'request_too_large', line: 1 }],
    });
  });

  it('is sent again when its message was lost', async () => {
    const w = world();
    await w.add('b1', ['a']);
    w.workQueue.length = 0;
    w.advance(120);
    await w.sweep();
    await w.workAll();
    expect(w.batch('b1').status).toBe('queued');
  });
});
