import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createDirectoryClient,
  type DeliveredBatch,
  type StateChange,
} from '../../inProcess/index.ts';
import type { BatchStore } from '../../shared/batch/ports.ts';
import { addBatch } from '../../shared/client/addBatch.ts';
import { sentAgain } from '../../simulators/engine/journal.ts';
import { requestLine } from '../support/world.ts';
import { type Runs, startRuns } from './runs.ts';

let runs: Runs | undefined;
afterEach(async () => {
  await runs?.stop();
  runs = undefined;
});

const IDS = Array.from({ length: 20 }, (_, index) => `r${index}`);

describe('a handler in one process', () => {
  it('brings a batch through refusals, an expired and a partial job to its delivery', async () => {
    runs = await startRuns(['failed_quota', 'expired', 'partial', 'completed']);
    const delivered: { ids: string[]; batch: DeliveredBatch }[] = [];
    const changes: StateChange[] = [];
    const handler = runs.handler({
      async process(batch) {
        const ids: string[] = [];
        for await (const { customId, request } of batch.results()) {
          expect(request.custom_id).toBe(customId);
          ids.push(customId);
        }
        delivered.push({ ids, batch });
      },
      onEvent: (change) => void changes.push(change),
    });
    await runs.add('b1', IDS, { metadata: { colour: 'red' } });

    await handler.run({ untilIdle: true });

    expect(await runs.batches.get('b1')).toMatchObject({ status: 'completed', attempt: 3 });
    expect(delivered).toHaveLength(1);
    expect(delivered[0]?.ids).toEqual(IDS);
    expect(delivered[0]?.batch).toMatchObject({
      ...{ batchId: 'b1', metadata: { colour: 'red' } },
      counts: { total: 20, succeeded: 20, failed: 0 },
    });
    expect(changes.at(-1)).toMatchObject({ batchId: 'b1', to: 'completed' });
    const { jobs, events } = await runs.simulator.journal();
    expect(jobs).toHaveLength(4);
    expect(sentAgain(jobs)).toEqual([]);
    const uploaded = events.filter(({ event }) => event === 'uploaded');
    expect(events.filter(({ event }) => event === 'deleted').length).toBeGreaterThanOrEqual(
      uploaded.length,
    );
  });

  it('adds files once, and tells and commands what is in its directory', async () => {
    runs = await startRuns();
    const file = `${runs.directory}.jsonl`;
    writeFileSync(file, ['a', 'b'].map((id) => `${requestLine(id)}\n`).join(''));
    const handler = runs.handler();
    const { batchId } = await handler.add(file, { metadata: { run: '7' } });
    await handler.run({ untilIdle: true });

    expect(await handler.add(file, { metadata: { run: '7' } })).toEqual({
      ...{ batchId, existing: 'completed' },
    });
    expect(await handler.getBatch(batchId)).toMatchObject({ status: 'completed', batchId });
    const rows: string[] = [];
    for await (const { custom_id: id } of handler.results(batchId)) rows.push(id);
    expect(rows).toEqual(['a', 'b']);
    await expect(handler.add(`${file}.missing`)).rejects.toThrow(/no such file|there is no/i);

    await handler.redeliver(batchId);
    await handler.run({ untilIdle: true });
    expect(await runs.batches.get(batchId)).toMatchObject({ delivery: { number: 2 } });
    const client = createDirectoryClient(runs.directory);
    expect(client.handler.providers).toEqual(['openai']);
    expect(await client.getBatch(batchId)).toMatchObject({ status: 'completed' });
    client.close();
    client.close();
    await expect(client.getBatch(batchId)).rejects.toThrow();
    expect(readFileSync(join(runs.directory, 'handler.json'), 'utf8')).not.toContain('sk-test');
  });

  it('delivers again what process has failed at, with the same delivery id', async () => {
    runs = await startRuns();
    const deliveries: string[] = [];
    const handler = runs.handler({
      async process({ deliveryId, event }) {
        deliveries.push(`${deliveryId} ${event.deliveryAttempt}`);
        if (deliveries.length < 3) throw new Error('the database is away');
      },
    });
    await runs.add('b1', ['a']);

    await handler.run({ untilIdle: true });

    const batch = await runs.batches.get('b1');
    const id = `${batch?.keyPrefix}-delivery-1`;
    expect(deliveries).toEqual([`${id} 1`, `${id} 2`, `${id} 3`]);
    expect(batch?.status).toBe('completed');
    expect(batch?.reasons.map(({ message }) => message)).toContain(
      'the processor failed: the database is away',
    );
  });

  it('ends at once where there is nothing to do, and refuses a message with its reason', async () => {
    runs = await startRuns();
    const handler = runs.handler();
    await handler.run({ untilIdle: true });

    const messageId = runs.queues.send('batch', '{"batchId":"nothing"}');
    await handler.run({ untilIdle: true });
    expect(runs.queues.deadLetters()).toMatchObject([
      { queue: 'batch', messageId, reason: expect.stringContaining('no_such_file') },
    ]);
  });

  it('runs until it is stopped, and continues in the next run', async () => {
    runs = await startRuns();
    let stopIt = (): void => {};
    const handler = runs.handler({ onEvent: ({ to }) => void (to === 'running' && stopIt()) });
    stopIt = () => void handler.stop();
    await runs.add('b1', ['a', 'b']);

    await handler.run();
    expect((await runs.batches.get('b1'))?.status).toBe('running');
    const aborted = new AbortController();
    aborted.abort();
    await handler.run({ signal: aborted.signal });
    expect((await runs.batches.get('b1'))?.status).toBe('running');

    await handler.run({ untilIdle: true });
    expect((await runs.batches.get('b1'))?.status).toBe('completed');
    expect((await runs.simulator.journal()).jobs).toHaveLength(1);
  });

  it('waits until idle for what a pause and a later start hold back', async () => {
    runs = await startRuns();
    const statuses: string[] = [];
    const handler = runs.handler({ onEvent: ({ to }) => void statuses.push(to) });
    const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    await handler.connection.queues.send({ action: 'pause', provider: 'openai' });
    await runs.add('paused', ['a']);
    await runs.add('later', ['a'], { notBefore: inSeconds(1) });
    let hasEnded = false;
    const running = handler.run({ untilIdle: true }).then(() => {
      hasEnded = true;
    });

    await vi.waitFor(
      () => expect(statuses.filter((to) => to === 'queued')).toHaveLength(2),
      20_000,
    );
    expect(await handler.getBatch('paused')).toMatchObject({ status: 'queued' });
    expect(hasEnded).toBe(false);
    await handler.resumeProvider('openai');
    await running;

    expect(await handler.getBatch('paused')).toMatchObject({ status: 'completed' });
    expect(await handler.getBatch('later')).toMatchObject({ status: 'completed' });
  });

  it('knows a file by its content where its ETag is not made of that', async () => {
    runs = await startRuns();
    const file = `${runs.directory}.jsonl`;
    writeFileSync(file, `${requestLine('a')}\n`);
    const handler = runs.handler();
    await handler.add(file, { batchId: 'b1' });
    await handler.run({ untilIdle: true });
    const { connection } = handler;
    const batches: BatchStore = {
      ...connection.batches,
      async get(batchId) {
        const batch = await connection.batches.get(batchId);
        if (!batch) return undefined;
        const source = { ...batch.spec.source, etag: '"made-by-kms"' };
        return { ...batch, spec: { ...batch.spec, source } };
      },
    };
    const addAgain = () => addBatch({ ...connection, batches }, { file, batchId: 'b1' });

    expect(await addAgain()).toEqual({ batchId: 'b1', existing: 'completed' });
    writeFileSync(file, `${requestLine('z')}\n`);
    await expect(addAgain()).rejects.toMatchObject({ code: 'batch_exists' });
  });

  it('runs once at a time', async () => {
    runs = await startRuns();
    const handler = runs.handler();
    const running = handler.run();
    await expect(handler.run()).rejects.toThrow('running already');
    await handler.close();
    await running;
    await expect(handler.run()).rejects.toThrow('was closed');
  });

  it('waits for an entry whose key cannot be had, and goes on with the key', async () => {
    runs = await startRuns();
    let asked = 0;
    const { url: baseUrl } = runs.simulator;
    const apiKey = async () => {
      asked += 1;
      if (asked < 3) throw new Error('the vault is sealed');
      return 'sk-test';
    };
    const handler = runs.handler({
      providers: { openai: { kind: 'openai', apiKey, baseUrl } },
      policy: { accountBackoff: { baseSeconds: 0.05, capSeconds: 0.05 } },
    });
    await runs.add('b1', ['a']);

    await handler.run({ untilIdle: true });

    expect(asked).toBeGreaterThanOrEqual(3);
    expect((await runs.batches.get('b1'))?.status).toBe('completed');
  });
});
