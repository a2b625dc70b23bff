import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findHandlerNames } from '../../local/stackSettings.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_CREDENTIALS, LOCAL_REGION } from '../../local/template/account.ts';
import { type HandlerRun, startHandlerRun } from '../support/handlerRun.ts';
import { pythonWith } from '../support/python.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const CLIENT = join(EXAMPLES, 'python-processor/client.py');

const python = pythonWith(['boto3==1.41.5']);

describe.skipIf('missing' in python)('the client in Python', () => {
  let run: HandlerRun;
  beforeAll(async () => {
    run = await startHandlerRun();
  });
  afterAll(() => run?.stop());

  it('adds a batch, waits for its end and prints the answers', async () => {
    const { endpointUrl, resources } = run.stack;
    const { bucket, table, batchQueue } = findHandlerNames(resources);
    const file = join(EXAMPLES, 'requests.jsonl');
    const lines = readFileSync(file, 'utf8').trim().split('\n');

    const { stdout } = await promisify(execFile)(
      'python' in python ? python.python : '',
      [CLIENT, file],
      {
        env: {
          AWS_ENDPOINT_URL: endpointUrl,
          AWS_DEFAULT_REGION: LOCAL_REGION,
          AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
          AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
          BUCKET: bucket,
          TABLE: table,
          QUEUE_URL: `${endpointUrl}/${LOCAL_ACCOUNT_ID}/${batchQueue}`,
          POLL_SECONDS: '0.2',
        },
      },
    );

    const [head, ...rows] = stdout.trim().split('\n');
    expect(head).toMatch(/^python-[0-9a-f]{32} completed$/);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(
      lines.map((line) => JSON.parse(line).custom_id),
    );
    expect(rows.every((row) => /^\S+ "/.test(row))).toBe(true);
  });
});
