import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  BedrockClient,
  CreateModelInvocationJobCommand,
  type CreateModelInvocationJobCommandInput,
  GetModelInvocationJobCommand,
  ListModelInvocationJobsCommand,
  StopModelInvocationJobCommand,
} from '@aws-sdk/client-bedrock';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startBedrockSimulator } from '../../../simulators/bedrock/index.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';
import { pythonWith } from '../../support/python.ts';
import { claudeRecords } from './world.ts';

/** AWS's own SDKs, in both languages, use the simulator as their users would. */

const BUCKET = 'jobs';
let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
  await emulators.createBucket(BUCKET);
  const Body = claudeRecords(100).join('\n');
  await emulators.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'input.jsonl', Body }));
});
afterAll(() => emulators.stop());

async function start(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sdk-simulator-'));
  const s3Url = emulators.queueUrl;
  const options = { dataDir, s3Url, jobSeconds: 0.05, plan: ['completed', 'stuck'] };
  const simulator = await startBedrockSimulator(options);
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return simulator.url;
}

const SEEN = {
  again: true,
  done: ['Completed', 100, 48],
  stopped: 'Stopped',
  listed: ['job-2'],
  more: true,
  errors: [
    'ConflictException',
    'ValidationException',
    'ValidationException',
    'ResourceNotFoundException',
    'ConflictException',
  ],
};

test('is driven by the SDK for Node.js', async () => {
  expect(await drive(await start())).toEqual(SEEN);
});

const found = pythonWith(['boto3==1.44.8']);
test.skipIf('missing' in found)('is driven by the SDK for Python', async () => {
  if ('missing' in found) return;
  const script = join(import.meta.dirname, '../officialSdks/drive_bedrock.py');
  const { stdout } = await promisify(execFile)(found.python, [script, await start(), BUCKET]);
  expect(JSON.parse(stdout)).toEqual(SEEN);
});

/** The same as officialSdks/drive_bedrock.py. */
async function drive(url: string) {
  const client = new BedrockClient({ ...clientSettings(url), maxAttempts: 1 });
  const create = async (
    jobName: string,
    clientRequestToken: string,
    changes: Partial<CreateModelInvocationJobCommandInput> = {},
  ) => {
    const { jobArn } = await client.send(
      new CreateModelInvocationJobCommand({
        jobName,
        clientRequestToken,
        roleArn: 'arn:aws:iam::123456789012:role/jobs',
        modelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
        modelInvocationType: 'InvokeModel',
        timeoutDurationInHours: 48,
        inputDataConfig: { s3InputDataConfig: { s3Uri: `s3://${BUCKET}/input.jsonl` } },
        outputDataConfig: { s3OutputDataConfig: { s3Uri: `s3://${BUCKET}/out/` } },
        ...changes,
      }),
    );
    return jobArn;
  };
  const get = (jobIdentifier: string | undefined) =>
    client.send(new GetModelInvocationJobCommand({ jobIdentifier }));
  const stop = (jobIdentifier: string | undefined) =>
    client.send(new StopModelInvocationJobCommand({ jobIdentifier }));
  const ended = async (arn: string | undefined) => {
    await expect.poll(async () => (await get(arn)).status).toMatch(/^(Completed|Failed|Stopped)$/);
    return get(arn);
  };
  const errorOf = (call: Promise<unknown>) =>
    call.then(
      () => null,
      ({ name }: Error) => name,
    );

  const first = await create('job-1', 'token-1');
  const again = await create('job-1', 'token-1');
  const done = await ended(first);
  const stuck = await create('job-2', 'token-2');
  await stop(stuck);
  const stopped = await ended(stuck);
  const listed = await client.send(
    new ListModelInvocationJobsCommand({
      maxResults: 1,
      sortBy: 'CreationTime',
      sortOrder: 'Descending',
      submitTimeAfter: new Date('2020-01-01'),
    }),
  );
  return {
    again: again === first,
    done: [done.status, done.successRecordCount, done.timeoutDurationInHours],
    stopped: stopped.status,
    listed: listed.invocationJobSummaries?.map(({ jobName }) => jobName),
    more: listed.nextToken !== undefined,
    errors: [
      await errorOf(create('job-1', 'another')),
      await errorOf(create('-', 'token-3')),
      await errorOf(create('job-3', 'token-3', { timeoutDurationInHours: 1 })),
      await errorOf(get('abcdefghijkl')),
      await errorOf(stop(first)),
    ],
  };
}
