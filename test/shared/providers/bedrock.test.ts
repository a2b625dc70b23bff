import { bedrockWorld, REGION } from './bedrock/world.ts';
import { providerContract } from './contract.ts';
import type { SimulationOptions } from './harness.ts';

const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const REFUSALS = { 'at create': 'create', 'in the job': 'job' } as const;

const world = bedrockWorld();

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return world({
    plan: [...plan],
    jobSeconds,
    ...(wrongKey ? { accessKeyIds: ['another'] } : {}),
    ...(full ? { jobLimit: 0, jobLimitRefusal: REFUSALS[full] } : {}),
  });
}

providerContract({
  name: 'Bedrock',
  endpoint: '/v1/chat/completions',
  model: MODEL,
  journalBatch: 'bhabcdefghij012345',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: MODEL, messages: [{ role: 'user', content: `Say a word to ${customId}.` }] },
  }),
  start,
  calls: {
    create: { method: 'POST', path: /\/model-invocation-job$/ },
    check: { method: 'GET', path: /\/model-invocation-job\/[^/]+$/ },
    cancel: { method: 'POST', path: /\/stop$/ },
    list: { method: 'GET', path: /\/model-invocation-jobs$/ },
    download: { method: 'GET', path: /\.jsonl\.out$/ },
  },
  fileCalls: {
    upload: { method: 'PUT', path: /\/input\.jsonl$/ },
    listFiles: { method: 'GET', path: /^\/handler-\d+\/?$/ },
    delete: { method: 'DELETE', path: /\/provider-files\// },
  },
  outputFiles: 1,
  endings: {
    // Requests that did not run have no rows, and padding counts among all requests.
    expired: { kind: 'expired', least: 1, most: 19, leastRows: 1 },
    partial: { kind: 'completed', least: 1, most: 19, leastRows: 20 },
  },
  unknown: {
    jobId: `arn:aws:bedrock:${REGION}:000000000000:model-invocation-job/nowhere00000`,
    file: 'provider-files/bhnowhere000000000-1/output/nowhere00000/input.jsonl.out',
  },
  patches: {
    unknownStatus: { fields: { status: 'Dreaming' }, status: 'Dreaming' },
    noJob: { status: null },
    nothingCreated: { jobArn: null },
    noList: { invocationJobSummaries: null },
    // The SDK itself refuses times that it cannot read.
    oddFields: { message: 5, processedRecordCount: 'many' },
  },
  incompleteLists: {
    'a job without an ARN': { invocationJobSummaries: [{ jobName: 'x' }] },
    'a job without a name': { invocationJobSummaries: [{ jobArn: 'arn:x' }] },
    'the same next page over and over': { invocationJobSummaries: [], nextToken: 'same' },
  },
  createRefusals: [
    [400, 'ServiceQuotaExceededException', 'quota'],
    [400, 'ThrottlingException', 'quota'],
    [403, 'ExpiredTokenException', 'account'],
    [404, 'ResourceNotFoundException', 'permanent'],
  ],
});
