import {
  ListModelInvocationJobsCommand,
  StopModelInvocationJobCommand,
} from '@aws-sdk/client-bedrock';
import { describe, expect, test } from 'vitest';
import { claudeRecords, shortId, simulatedBedrock } from './world.ts';

const bedrock = simulatedBedrock();

describe('a job', () => {
  test('passes through its statuses and leaves output and manifest', async () => {
    await bedrock.putInput('a.jsonl', claudeRecords(100));
    const { create, view, pass } = await bedrock.start();

    const { jobArn } = await create('a.jsonl', { clientRequestToken: 'token' });
    expect(jobArn).toMatch(/^arn:aws:bedrock:us-east-1:\d{12}:model-invocation-job\/[a-z0-9]{12}$/);
    expect(await view(jobArn)).toMatchObject({
      jobArn,
      jobName: 'a-job-1',
      clientRequestToken: 'token',
      status: 'Validating',
      submitTime: new Date(1_700_000_000_000),
      totalRecordCount: 100,
    });
    pass(5);
    expect(await view(jobArn)).toMatchObject({ status: 'InProgress', processedRecordCount: 50 });
    pass(4.5);
    await view(jobArn);
    pass(1);
    expect(await view(shortId(jobArn))).toMatchObject({
      status: 'Completed',
      successRecordCount: 100,
      errorRecordCount: 0,
    });

    const rows = await bedrock.read(`out/${shortId(jobArn)}/a.jsonl.out`);
    expect(rows).toHaveLength(100);
    expect(rows[0]).toMatchObject({
      recordId: expect.stringMatching(/^R\d+$/),
      modelInput: { max_tokens: 9 },
      modelOutput: { type: 'message', content: [{ type: 'text' }] },
    });
    expect(await bedrock.read(`out/${shortId(jobArn)}/manifest.json.out`)).toMatchObject([
      { totalRecordCount: 100, processedRecordCount: 100, successRecordCount: 100 },
    ]);
  });

  test('continues after a restart', async () => {
    await bedrock.putInput('b.jsonl', claudeRecords(100));
    const before = await bedrock.start();
    const { jobArn } = await before.create('b.jsonl');
    before.pass(9.5);
    const { view, pass } = await before.restart();
    await view(jobArn);
    pass(1);
    await view(jobArn);
    pass(10);
    expect(await view(jobArn)).toMatchObject({ status: 'Completed', successRecordCount: 100 });
  });

  test.each([
    ['partial', 'Completed', 90],
    ['all_errors', 'Completed', 0],
    ['expired', 'PartiallyCompleted', 50],
    ['cancelled', 'Stopped', 50],
  ])('by the plan %s ends %s with %i answers', async (outcome, status, successRecordCount) => {
    await bedrock.putInput(`${outcome}.jsonl`, claudeRecords(100));
    const { create, view, pass } = await bedrock.start({ plan: [outcome] });
    const { jobArn } = await create(`${outcome}.jsonl`);
    // One step each for checking the input, running, and writing the output.
    for (let step = 0; step < 3; step++) {
      await view(jobArn);
      pass(10);
    }
    expect(await view(jobArn)).toMatchObject({ status, successRecordCount });
  });

  test.each([
    ['too few records', claudeRecords(99), /less records \(99\) than the required minimum of: 100/],
    ['no JSON', [...claudeRecords(99), '{'], /Line 100/],
    ['no id', [...claudeRecords(99), '{"modelInput":{}}'], /Line 100/],
    ['an id with a dash', [...claudeRecords(99), '{"recordId":"a-1","modelInput":{}}'], /Line 100/],
  ])('with %s fails', async (name, records, message) => {
    await bedrock.putInput(`${name}.jsonl`, records);
    const { create, view, pass } = await bedrock.start();
    const { jobArn } = await create(`${name}.jsonl`);
    await view(jobArn);
    pass(10);
    expect(await view(jobArn)).toMatchObject({
      status: 'Failed',
      message: expect.stringMatching(message),
    });
  });
});

test('a bucket that does not exist fails the job', async () => {
  const { create, view, pass } = await bedrock.start();
  const { jobArn } = await create('x', {
    inputDataConfig: { s3InputDataConfig: { s3Uri: 's3://no-such-bucket/x.jsonl' } },
  });
  await view(jobArn);
  pass(10);
  expect(await view(jobArn)).toMatchObject({
    status: 'Failed',
    message: 'Failed to read the S3 bucket: no-such-bucket',
  });
});

describe('creating', () => {
  test('the same token gives the same job, the same name a conflict', async () => {
    await bedrock.putInput('c.jsonl', claudeRecords(100));
    const { create } = await bedrock.start();
    const first = await create('c.jsonl', { clientRequestToken: 'one' });
    const again = await create('c.jsonl', { clientRequestToken: 'one' });
    expect(again.jobArn).toBe(first.jobArn);
    await expect(create('c.jsonl', { clientRequestToken: 'two' })).rejects.toMatchObject({
      name: 'ConflictException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('a job over the limit is refused', async () => {
    await bedrock.putInput('d.jsonl', claudeRecords(100));
    const { create } = await bedrock.start({ jobLimit: 1 });
    await create('d.jsonl');
    await expect(create('d.jsonl', { jobName: 'a-job-2' })).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
    });
  });

  test('a lost reply leaves a job', async () => {
    await bedrock.putInput('e.jsonl', claudeRecords(100));
    const { create, simulator } = await bedrock.start({ plan: ['lost_reply'] });
    await expect(create('e.jsonl')).rejects.toThrow();
    expect((await simulator.journal()).jobs).toMatchObject([{ key: 'a-job-1', batch: 'a-job' }]);
  });

  test.each([
    ['a name with a space', { jobName: 'a job' }, 'ValidationException'],
    ['no role', { roleArn: 'nobody' }, 'ValidationException'],
  ])('%s is refused', async (_name, changes, name) => {
    const { create } = await bedrock.start();
    await expect(create('a.jsonl', changes)).rejects.toMatchObject({ name });
  });

  test('an unknown access key is refused', async () => {
    const { create } = await bedrock.start({ accessKeyIds: ['another'] });
    await expect(create('a.jsonl')).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });
});

test('a job is stopped once', async () => {
  await bedrock.putInput('f.jsonl', claudeRecords(100));
  const { create, client, view, pass } = await bedrock.start({ plan: ['stuck'] });
  const { jobArn: jobIdentifier } = await create('f.jsonl');
  await view(jobIdentifier);
  pass(100);
  await client.send(new StopModelInvocationJobCommand({ jobIdentifier }));
  expect(await view(jobIdentifier)).toMatchObject({ status: 'Stopping' });
  pass(10);
  expect(await view(jobIdentifier)).toMatchObject({ status: 'Stopped' });
  await expect(
    client.send(new StopModelInvocationJobCommand({ jobIdentifier })),
  ).rejects.toMatchObject({ name: 'ConflictException' });
});

test('a listing is filtered, ordered and paged', async () => {
  await bedrock.putInput('g.jsonl', claudeRecords(100));
  const { create, client, pass } = await bedrock.start();
  for (const jobName of ['one-1', 'one-2', 'two-1']) {
    await create('g.jsonl', { jobName });
    pass(1);
  }
  const names = async (query: object) => {
    const answer = await client.send(
      new ListModelInvocationJobsCommand({
        sortBy: 'CreationTime',
        sortOrder: 'Descending',
        ...query,
      }),
    );
    const { invocationJobSummaries: jobs = [], nextToken } = answer;
    return { names: jobs.map(({ jobName }) => jobName), nextToken };
  };
  expect((await names({})).names).toEqual(['two-1', 'one-2', 'one-1']);
  expect((await names({ sortOrder: 'Ascending', nameContains: 'one' })).names).toEqual([
    'one-1',
    'one-2',
  ]);
  expect((await names({ submitTimeAfter: new Date(1_700_000_001_500) })).names).toEqual(['two-1']);
  const first = await names({ maxResults: 2 });
  expect(first.names).toEqual(['two-1', 'one-2']);
  expect(await names({ maxResults: 2, nextToken: first.nextToken })).toEqual({
    names: ['one-1'],
    nextToken: undefined,
  });
});
