import { afterEach, expect, test } from 'vitest';
import { connectBedrock } from '../../../../shared/providers/bedrock/index.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { KEY, outcomeOf, requestRows } from '../steps.ts';
import { bedrockWorld, JOB_ROLE, REGION } from './world.ts';

const start = bedrockWorld();
const MODEL = 'amazon.nova-micro-v1:0';
const JOB = {
  key: KEY,
  batchId: 'a-batch',
  endpoint: '/v1/chat/completions',
  model: 'any',
  format: 'openai',
  options: {},
} as const;

afterEach(() => {
  delete process.env.AWS_ENDPOINT_URL_S3;
});

test("uses the functions' region, credentials and bucket", async () => {
  const { entry, objects, simulator, s3Url, close } = await start();
  Object.assign(process.env, { AWS_REGION: REGION, AWS_ENDPOINT_URL_S3: s3Url });
  const provider = await connectBedrock({
    entry: 'bedrock',
    settings: { kind: 'bedrock', limits: {}, models: { '*': MODEL }, dropFields: [] },
    limits: entry.limits,
    baseUrl: simulator.url,
    secret: async () => undefined,
    objects,
    jobRole: JOB_ROLE,
  });
  const body = { model: 'any', messages: [{ role: 'user', content: 'Say a word.' }] };
  const file = await scratchFileOf([{ custom_id: 'a', body }]);

  const { jobId } = await provider.submit({
    ...JOB,
    completionWindow: '24h',
    file,
    requests: 1,
    createDeadlineMs: 60_000,
  });
  const outcome = await outcomeOf(provider, jobId);
  const rows = [];
  for await (const row of requestRows(provider.readRows(outcome, JOB)))
    rows.push(Buffer.from(row).toString());
  await provider.deleteFiles(jobId);

  expect(rows).toHaveLength(1);
  expect(JSON.parse(rows[0] ?? '')).toMatchObject({
    response: { status_code: 200, body: { model: 'any' } },
  });
  expect(outcome.files).toHaveLength(1);
  for (const key of [...outcome.files, `provider-files/${KEY}/input.jsonl`])
    expect(await objects.head({ bucket: objects.bucket, key })).toBeUndefined();
  await close();
});
