import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchReader } from '../../local/batches.ts';
import { type RunningStack, startStack } from '../../local/stack.ts';
import { findHandlerNames } from '../../local/stackSettings.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { synthesizedStack } from '../support/localStackAssembly.ts';
import { requestLine } from '../support/world.ts';
import { eventually } from './fixtures/eventually.ts';
import { sdkSettings } from './fixtures/toyAccess.ts';

const GOOD = ['a', 'b'].map(requestLine).join('\n');

describe('the inbox of a handler that runs locally', () => {
  const directory = mkdtempSync(join(tmpdir(), 'inbox-'));
  let stack: RunningStack;
  let s3: S3Client;
  let bucket: string;

  beforeAll(async () => {
    const assembly = await synthesizedStack({
      inbox: true,
      providers: { openai: { kind: 'openai' }, second: { kind: 'openai' } },
    });
    stack = await startStack(await readAssembly(assembly), {
      dataDirectory: join(directory, 'data'),
      intervalSeconds: 1,
      timeScale: 0.01,
      port: 0,
      plan: ['completed'],
      environment: {},
      onEvent: () => {},
    });
    bucket = findHandlerNames(stack.resources).bucket;
    s3 = new S3Client({ ...sdkSettings(stack), forcePathStyle: true });
  });
  afterAll(async () => {
    s3?.destroy();
    await stack?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const put = (key: string, body: string) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));

  /** The batch whose id begins with a file's name, once it has ended. */
  const ended = async (name: string) => {
    const { table } = findHandlerNames(stack.resources);
    const reader = createBatchReader(stack.clients.dynamodb, table);
    const find = async () => {
      const { Items: items = [] } = await stack.clients.dynamodb.send(
        new ScanCommand({ TableName: table, ConsistentRead: true }),
      );
      const id = items
        .map((item) => item.id?.S ?? '')
        .find((id) => id.startsWith(`batch#${name}-`));
      return id === undefined ? undefined : reader.get(id.slice('batch#'.length));
    };
    return eventually(find, (batch) => ['completed', 'failed'].includes(batch?.status ?? ''));
  };

  const rejectionOf = async (key: string) => {
    const text = await eventually(
      () =>
        s3
          .send(new GetObjectCommand({ Bucket: bucket, Key: `${key}.rejected.json` }))
          .then(({ Body }) => Body?.transformToString())
          .catch(() => undefined),
      (found) => found !== undefined,
    );
    return JSON.parse(text ?? '{}');
  };

  it('makes a batch of a file, at the entry of its folder, and completes it', async () => {
    await put('inbox/second/my requests +1 "ü".jsonl', GOOD);

    expect(await ended('my-requests-1')).toMatchObject({
      status: 'completed',
      provider: 'second',
      input: { requests: 2 },
    });
  });

  it('says beside a file what is wrong with its lines', async () => {
    await put('inbox/bad.jsonl', `${GOOD}\nnonsense`);

    const rejection = await rejectionOf('inbox/bad.jsonl');

    expect(rejection).toMatchObject({ code: 'invalid_json_line', line: 3 });
    expect(await ended('bad')).toMatchObject({ status: 'failed', provider: 'openai' });
  });

  it('says beside a file which folders there are', async () => {
    await put('inbox/nobody/x.jsonl', GOOD);

    const { code, message } = await rejectionOf('inbox/nobody/x.jsonl');

    expect(code).toBe('unknown_provider');
    expect(message).toMatch(/nobody.*openai, second/);
  });
});
