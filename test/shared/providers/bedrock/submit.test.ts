import {
  CreateModelInvocationJobCommand,
  GetModelInvocationJobCommand,
} from '@aws-sdk/client-bedrock';
import { describe, expect, test } from 'vitest';
import { BILLED_ROW_ID } from '../../../../shared/batch/ledger.ts';
import { lines } from '../../../../shared/jsonl/lines.ts';
import { referenceOf } from '../../../../shared/jsonl/rows.ts';
import { bedrockProvider } from '../../../../shared/providers/bedrock/index.ts';
import {
  isPadding,
  paddingId,
  paddingInput,
} from '../../../../shared/providers/bedrock/padding.ts';
import type { JobContext, Submission } from '../../../../shared/providers/provider.ts';
import { memoryScratch } from '../../../../simulators/memory/scratch.ts';
import { spoolRows } from '../../../support/spools.ts';
import { flat } from '../../../support/streams.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { expectRefusal, KEY, listed, outcomeOf } from '../steps.ts';
import { bedrockWorld, JOB_ROLE } from './world.ts';

const start = bedrockWorld();
type World = Awaited<ReturnType<typeof start>>;

const LLAMA = 'meta.llama3-3-70b-instruct-v1:0';
const JOB: JobContext = {
  key: KEY,
  batchId: 'a-batch',
  endpoint: '/v1/chat/completions',
  model: LLAMA,
  format: 'openai',
  options: {},
};

async function submissionOf(
  count: number,
  bodyOf: (index: number) => object = textBody,
  changes: Partial<Submission> = {},
): Promise<Submission> {
  const requests = Array.from({ length: count }, (_, index) => ({
    custom_id: `request-${index}`,
    method: 'POST',
    url: JOB.endpoint,
    body: bodyOf(index),
  }));
  const file = await scratchFileOf(requests);
  const order = { completionWindow: '24h', file, requests: count, createDeadlineMs: 60_000 };
  return { ...JOB, ...order, ...changes };
}

function textBody(index: number): object {
  return { model: LLAMA, messages: [{ role: 'user', content: `Say ${index}.` }], max_tokens: 99 };
}

async function recordsOf({ objects }: World): Promise<{ recordId: string; modelInput: object }[]> {
  const records = [];
  for await (const { bytes } of lines(objects.read(`provider-files/${KEY}/input.jsonl`)))
    records.push(JSON.parse(bytes.toString()));
  return records;
}

/** A job with our name that was not created with our token. */
function jobOfAnother({ entry }: World, jobName: string) {
  const uri = `s3://${entry.objects.bucket}/elsewhere/`;
  return new CreateModelInvocationJobCommand({
    jobName,
    roleArn: JOB_ROLE,
    modelId: LLAMA,
    inputDataConfig: { s3InputDataConfig: { s3Uri: `${uri}input.jsonl` } },
    outputDataConfig: { s3OutputDataConfig: { s3Uri: uri } },
  });
}

describe('padding', () => {
  test.each([
    [1, 99],
    [99, 1],
    [100, 0],
    [101, 0],
  ])(
    '%i requests are padded by %i cheap ones, which have no rows and are billed',
    async (count, padding) => {
      const world = await start();
      const { jobId } = await world.provider.submit(await submissionOf(count));

      const records = await recordsOf(world);
      const padded = records.filter(({ recordId }) => isPadding(recordId));
      expect(records).toHaveLength(Math.max(100, count));
      expect(padded).toHaveLength(padding);
      for (const { modelInput } of padded)
        expect(modelInput).toMatchObject({ inferenceConfig: { maxTokens: 1 } });
      expect(new Set(records.map(({ recordId }) => recordId)).size).toBe(records.length);

      const outcome = await outcomeOf(world.provider, jobId);
      const spool = await spoolRows(
        world.provider.readRows(outcome, JOB),
        await memoryScratch.create(),
      );
      expect(spool.rows.size).toBe(count);
      expect(spool).toMatchObject({ foreign: 0, unreadable: 0, nameless: 0, isMetered: true });

      const rows: string[] = [];
      let billed = 0;
      for await (const bytes of flat(world.provider.readRows(outcome, JOB))) {
        const row = JSON.parse(Buffer.from(bytes).toString());
        billed += row.response.body.usage.total_tokens;
        if (row.id !== BILLED_ROW_ID) rows.push(row.custom_id);
      }
      expect(spool.usage.totalTokens).toBe(billed);
      const ids = Array.from({ length: count }, (_, index) => referenceOf(`request-${index}`));
      expect(rows.sort()).toEqual(ids.sort());
      await world.close();
    },
  );

  test('fills up to the quota of the settings', async () => {
    const world = await start({ settings: { minRecords: 5 }, minRecords: 5 });
    expect(world.provider.padding).toMatchObject({ minRequests: 5 });
    const { jobId } = await world.provider.submit(await submissionOf(3));
    expect(await recordsOf(world)).toHaveLength(5);
    const outcome = await outcomeOf(world.provider, jobId);
    expect(outcome).toMatchObject({ kind: 'completed', answered: 1 });
    await world.close();
  });

  test('of large native requests is small, and asks for one token', async () => {
    const world = await start();
    const bodyOf = () => ({ model: LLAMA, prompt: 'x'.repeat(50_000), max_gen_len: 4_000 });
    await world.provider.submit(await submissionOf(3, bodyOf, { format: 'native' }));

    const padded = (await recordsOf(world)).filter(({ recordId }) => isPadding(recordId));

    expect(padded).toHaveLength(97);
    for (const { modelInput } of padded)
      expect(modelInput).toEqual({ prompt: 'Hi', max_gen_len: 1 });
    await world.close();
  });

  test('that cannot be made cheap is refused for good, and no job is created', async () => {
    const world = await start();
    const bodyOf = () => ({ model: LLAMA, prompt: 'x' });
    const submitting = world.provider.submit(await submissionOf(3, bodyOf, { format: 'native' }));
    await expect(submitting).rejects.toMatchObject({
      kind: 'permanent',
      reason: { code: 'too_few_requests', message: expect.stringContaining('this one has 3') },
    });
    expect((await world.journal()).jobs).toEqual([]);
    await world.close();
  });

  test("an id is alphanumeric, belongs to its submission, and is no request's", () => {
    expect(paddingId(KEY, 7)).toMatch(/^[a-zA-Z0-9]+$/);
    expect(paddingId(`${KEY}0`, 7)).not.toBe(paddingId(KEY, 7));
    expect(isPadding(referenceOf('anything'))).toBe(false);
  });
});

describe('a conflict of names', () => {
  test('returns the job that has the name', async () => {
    const world = await start();
    const { jobArn } = await world.clients.writes.send(jobOfAnother(world, KEY));
    // Its name contains ours, and it is newer.
    await world.clients.writes.send(jobOfAnother(world, `${KEY}0`));

    expect(await world.provider.submit(await submissionOf(1))).toEqual({ jobId: jobArn });
    expect((await world.journal()).jobs).toHaveLength(2);
    await world.close();
  });

  test('stays uncertain if no such job is listed', async () => {
    const world = await start();
    const create = { method: 'POST', path: /model-invocation-job$/ };
    world.inject({ ...create, fault: { kind: 'status', status: 400, code: 'ConflictException' } });
    await expectRefusal(world.provider.submit(await submissionOf(1)), 'uncertain');
    await world.close();
  });

  test('stays uncertain if the listing fails', async () => {
    const world = await start();
    await world.clients.writes.send(jobOfAnother(world, KEY));
    const list = { method: 'GET', path: /model-invocation-jobs$/ };
    world.inject({ ...list, times: 9, fault: { kind: 'status', status: 500 } });
    await expectRefusal(world.provider.submit(await submissionOf(1)), 'uncertain');
    await world.close();
  });
});

test('a second submission with the same key creates no second job', async () => {
  const world = await start();
  const first = await world.provider.submit(await submissionOf(1));
  expect(await world.provider.submit(await submissionOf(1))).toEqual(first);
  expect((await world.journal()).jobs).toHaveLength(1);
  await world.close();
});

test.each([
  [undefined, undefined],
  [{ completionHours: 48 }, 48],
])('with the timing %j, Bedrock is told to end the job after %s hours', async (timing, hours) => {
  const world = await start({ settings: { timing } });
  const { jobId } = await world.provider.submit(await submissionOf(1));
  const job = await world.clients.reads.send(
    new GetModelInvocationJobCommand({ jobIdentifier: jobId }),
  );
  expect(job.timeoutDurationInHours).toBe(hours);
  await world.close();
});

test('without a role nothing is sent, and the failure is about the account', async () => {
  const world = await start();
  const provider = await bedrockProvider({ ...world.entry, jobRole: undefined }, world.clients);
  await expectRefusal(provider.submit(await submissionOf(1)), 'account');
  expect((await world.journal()).events).toEqual([]);
  await world.close();
});

test('a job that is not ours is listed without a key', async () => {
  const world = await start();
  const { jobArn } = await world.clients.writes.send(jobOfAnother(world, 'a-report'));
  expect(await listed(world.provider, 0)).toMatchObject([{ id: jobArn, key: undefined }]);
  await world.close();
});

// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
test.each([
  [{ messages: [{ role: 'user', content: 'x' }], max_tokens: 9 }, ['messages', 'max_tokens']],
  [{ prompt: 'x', max_tokens: 9, temperature: 1 }, ['prompt', 'max_tokens']],
  [{ message: 'x', max_tokens: 9 }, ['message', 'max_tokens']],
  [{ texts: ['x'], input_type: 'search_query' }, ['texts', 'input_type']],
])('native padding for %o has the fields %j', (example, fields) => {
  const route = { family: 'converse', invocationType: 'InvokeModel' } as const;
  expect(Object.keys(paddingInput(route, example) ?? {})).toEqual(fields);
});

test.each([{ inputImage: 'x' }, { prompt: 'x' }, { inputText: 'x' }])(
  'no cheap native padding is known for %o',
  (example) => {
    const route = { family: 'other-embeddings', invocationType: 'InvokeModel' } as const;
    expect(paddingInput(route, example)).toBeUndefined();
  },
);
