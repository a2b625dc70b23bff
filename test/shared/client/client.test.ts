import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  type BatchHandlerClient,
  type BatchInfo,
  createClient,
  localStack,
} from '../../../shared/client/index.ts';
import { permissionOf } from '../../support/clientCalls.ts';
import { grantedToClient } from '../../support/clientGrants.ts';
import { type BadNetwork, startProxy } from '../../support/emulatorsProxy.ts';
import { type HandlerRun, startHandlerRun } from '../../support/handlerRun.ts';
import { all } from '../../support/streams.ts';

const POLL = { pollSeconds: 0.1 };

let run: HandlerRun;
let recorder: BadNetwork;
let client: BatchHandlerClient;
beforeAll(async () => {
  run = await startHandlerRun({ plan: ['partial', 'completed'] });
  const access = await localStack(run.dataDirectory);
  recorder = await startProxy(run.stack.endpointUrl, () => 'forward');
  client = await createClient({ ...access, endpoint: recorder.url });
});
afterAll(async () => {
  await recorder?.close();
  await run?.stop();
});

function* requests(count: number) {
  for (let number = 0; number < count; number++)
    yield {
      custom_id: `request-${number}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: `Say ${number}` }] },
    };
}

test('requests become a batch, and the batch becomes typed rows', async () => {
  // Act
  const progress: number[] = [];
  const sent = await client.addBatch(
    { batchId: 'rows', requests: requests(50), metadata: { team: 'search' } },
    { onProgress: (bytes) => progress.push(bytes) },
  );
  const seen: BatchInfo['status'][] = [];
  const ended = await client.waitForBatch(sent, {
    ...POLL,
    onPoll: ({ status }) => seen.push(status),
  });
  const texts: string[] = [];
  for await (const { custom_id: id, response } of client.results<Completion>('rows'))
    texts.push(`${id} ${response.status_code} ${typeof response.body.choices[0]?.message.content}`);

  // Assess
  expect(sent).toEqual({ batchId: 'rows', messageId: expect.any(String) });
  expect(progress.at(-1)).toBeGreaterThan(50 * 100);
  expect(ended).toMatchObject({ status: 'completed', metadata: { team: 'search' } });
  expect(seen.at(-1)).toBe('completed');
  expect(texts).toEqual([...requests(50)].map(({ custom_id: id }) => `${id} 200 string`));
  expect(await all(client.errors('rows'))).toEqual([]);
  const listed = await all(client.listBatches({ status: ['completed'] }));
  expect((await client.listPage({ status: ['completed'] })).batches).toEqual(listed);
  expect(listed).toContainEqual(ended);
  await client.waitForCommand(await client.redeliver('rows'), POLL);
  expect(await client.waitForBatch('rows', POLL)).toMatchObject({ deliveries: 2 });
});

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}

/** A time before which a batch waits, whatever else happens. */
const TOMORROW = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString();

test('a wait ends with its signal or its timeout', async () => {
  const sent = await client.addBatch({
    batchId: 'waits',
    requests: requests(1),
    notBefore: TOMORROW,
  });

  const controller = new AbortController();
  const aborted = client.waitForBatch(sent, {
    ...POLL,
    signal: controller.signal,
    onPoll: () => controller.abort(new Error('enough')),
  });
  await expect(aborted).rejects.toThrow('enough');
  const late = client.waitForBatch('waits', { ...POLL, timeoutSeconds: 0.2 });
  await expect(late).rejects.toMatchObject({ name: 'ClientError', code: 'timeout' });
});

test('a wait for a command ends when the record shows that it was carried out', async () => {
  const sent = await client.addBatch({
    batchId: 'stops',
    requests: requests(2),
    notBefore: TOMORROW,
  });
  const started = client.waitForBatch(sent, { ...POLL, timeoutSeconds: 60 });

  // Cancels as soon as its input was inspected: before, it would have no rows.
  while ((await client.getBatch('stops'))?.status !== 'retrying');
  await client.waitForCommand(await client.cancel('stops'), POLL);

  expect(await started).toMatchObject({ status: 'cancelled' });
  const errors = await all(client.errors('stops'));
  expect(errors.map(({ custom_id: id, error }) => [id, error?.code])).toEqual([
    ['request-0', 'batch_cancelled'],
    ['request-1', 'batch_cancelled'],
  ]);
  await client.waitForCommand(await client.retry('stops'), POLL);
  expect(await client.getBatch('stops')).toMatchObject({
    status: 'retrying',
    notBefore: TOMORROW,
  });
});

test('a command that the handler refuses ends the wait with the reason', async () => {
  // Prepare
  const added = await client.addBatch({
    batchId: 'refuses',
    requests: requests(1),
    notBefore: TOMORROW,
  });
  await client.waitForBatch(added, { ...POLL, timeoutSeconds: 0.1 }).catch(() => {});

  // Act: as if it had ended when the client looked.
  const { connection } = client;
  const message = { action: 'retry', batchId: 'refuses' } as const;
  const messageId = await connection.queues.send(message);
  const waiting = client.waitForCommand({ ...message, messageId }, POLL);

  // Assess
  await expect(waiting).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(
      /^the message for batch refuses was refused: not_possible: cannot retry/,
    ),
  });
});

test('a message that the handler would refuse is not sent', async () => {
  const add = (batch: object) => client.addBatch({ requests: requests(1), ...batch });

  await expect(add({ priority: 900 })).rejects.toThrow(/^priority: 900 must be at most 499$/);
  await expect(add({ provider: 'x' })).rejects.toThrow(/no provider x: use one of openai/);
  await expect(add({ file: 'x.jsonl' })).rejects.toThrow('give either a file or requests');
  await expect(add({ batchId: 'rows' })).rejects.toMatchObject({
    code: 'batch_exists',
    message: 'batch rows exists with another input and is completed: choose another id',
  });
  await expect(client.waitForBatch('nobody')).rejects.toMatchObject({ code: 'unknown_batch' });
  await expect(client.results('nobody').next()).rejects.toMatchObject({ code: 'unknown_batch' });
});

test('of two inputs that are added under one id at the same time, neither replaces the other', async () => {
  const add = (count: number) =>
    client.addBatch({ batchId: 'twice', requests: requests(count), notBefore: TOMORROW });
  const [first] = await Promise.all([add(2), add(3)]);
  await client.waitForBatch(first, { ...POLL, timeoutSeconds: 1 }).catch(() => {});

  // Named after nothing that the other upload has, too.
  const source = (await client.getBatch('twice'))?.source;
  expect(source).toMatch(/\/uploads\/twice\/[0-9a-f-]{36}\.jsonl$/);
});

test('a batch that exists with the same input and options is not added again', async () => {
  // Three parts of an upload.
  const padding = 'x'.repeat(1024 * 1024);
  const large = (last: string) => [
    ...[...requests(20)].map((request) => ({ ...request, padding })),
    { last },
  ];
  const add = (batch: object) => client.addBatch({ notBefore: TOMORROW, ...batch });
  for (const [batchId, batch] of [
    [undefined, { requests: requests(3), metadata: { a: 'b' } }],
    ['large', { requests: large('one') }],
  ] as const) {
    const first = await add({ batchId, ...batch });
    expect(first.messageId).toBeTypeOf('string');
    await client.waitForBatch(first, { ...POLL, timeoutSeconds: 0.5 }).catch(() => {});

    const again = await add({ batchId, ...batch, notBefore: undefined, ...renewed(batchId) });

    expect(again).toEqual({ batchId: first.batchId, existing: expect.any(String) });
    expect(first.batchId).toMatch(batchId ?? /^batch-[0-9a-f]{8}$/);
  }
  for (const [other, difference] of [
    [{ requests: large('two') }, 'input'],
    [{ requests: large('one'), priority: 3 }, 'priority'],
    [{ requests: large('one'), endpoint: '/v1/embeddings' }, 'endpoint'],
  ] as const)
    await expect(add({ batchId: 'large', ...other })).rejects.toThrow(
      `batch large exists with another ${difference} and is `,
    );

  /** An iterable can be read once. */
  function renewed(batchId: string | undefined) {
    return { requests: batchId === undefined ? requests(3) : large('one') };
  }
});

test('a file that somebody writes to meanwhile is not added', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'growing-')), 'growing.jsonl');
  onTestFinished(() => rmSync(dirname(file), { recursive: true }));
  const lines = [...requests(2)].map((request) => `${JSON.stringify(request)}\n`);
  writeFileSync(file, lines.join(''));
  let sent = 0;
  const onProgress = () => {
    if (sent++ === 0) appendFileSync(file, lines.join(''));
  };

  await expect(client.addBatch({ file }, { onProgress })).rejects.toMatchObject({
    code: 'invalid_input',
    message: `${file}: changed while it was read, and was not added: add it once it is complete`,
  });
  expect(await client.addBatch({ file })).toMatchObject({ messageId: expect.any(String) });
});

test('a provider is paused and resumed', async () => {
  const { connection } = client;
  const pauseOf = async () => (await connection.providerStates.get('openai')).lastCommand;

  await client.pauseProvider('openai', { reason: 'an incident' });
  expect(await pauseOf()).toMatchObject({ action: 'pause', reason: 'an incident' });
  await client.resumeProvider('openai');
  expect(await pauseOf()).toMatchObject({ action: 'resume' });
  await expect(client.pauseProvider('x')).rejects.toThrow('there is no provider x: use one of');
});

test('an interrupted upload leaves nothing behind', async () => {
  async function* breaking() {
    for await (const request of requests(3))
      yield { ...request, padding: 'x'.repeat(6 * 1024 * 1024) };
    throw new Error('the source broke');
  }

  const adding = client.addBatch({ batchId: 'breaks', requests: breaking() });

  await expect(adding).rejects.toThrow('the source broke');
  expect(await client.getBatch('breaks')).toBeUndefined();
});

test('an aborted upload adds no batch', async () => {
  const signal = AbortSignal.abort(new Error('enough'));

  await expect(
    client.addBatch({ batchId: 'given-up', requests: requests(1) }, { signal }),
  ).rejects.toThrow('enough');
  expect(await client.getBatch('given-up')).toBeUndefined();
});

test('the client needs exactly the permissions of grantClient', async () => {
  await all(client.listBatches({ status: 'open' }));
  await client.getParts('rows');

  const taken = new Set(recorder.received.map(permissionOf));
  // The table has had its index by creation from the beginning: only an older one is scanned.
  expect(taken).not.toContain('BatchesTable: dynamodb:Scan');
  taken.add('BatchesTable: dynamodb:Scan');

  expect([...taken].toSorted()).toEqual(grantedToClient());
});
