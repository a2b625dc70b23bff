import { startGeminiSimulator } from '../../../simulators/gemini/index.ts';
import { providerContract } from './contract.ts';
import { API_KEY, geminiAt } from './gemini/provider.ts';
import { type Ending, type SimulationOptions, simulate } from './harness.ts';

const FULL = { 'at create': 'create', 'in the job': 'job' } as const;
/** Such a job writes no results. */
const NOTHING: Omit<Ending, 'kind'> = { least: 0, most: 0, leastRows: 0 };

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return simulate(
    (dataDir) =>
      startGeminiSimulator({
        dataDir,
        plan: [...plan],
        jobSeconds,
        apiKeys: [wrongKey ? 'AIza-of-another' : API_KEY],
        ...(full ? { enqueuedTokenLimit: 1, enqueuedTokenRefusal: FULL[full] } : {}),
      }),
    geminiAt,
  );
}

providerContract({
  name: 'Gemini',
  endpoint: '/v1/chat/completions',
  model: 'gemini-2.5-flash',
  journalBatch: 'bhabcdefghij012345',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Say a word.' }] },
  }),
  start,
  calls: {
    create: { method: 'POST', path: /:batchGenerateContent$/ },
    check: { method: 'GET', path: /\/batches\/[^/]+$/ },
    cancel: { method: 'POST', path: /:cancel$/ },
    list: { method: 'GET', path: /\/batches$/ },
    download: { method: 'GET', path: /:download$/ },
  },
  fileCalls: {
    upload: { method: 'POST', path: /\/upload\/v1beta\/files$/ },
    listFiles: { method: 'GET', path: /\/v1beta\/files$/ },
    delete: { method: 'DELETE', path: /\/files\/[^/]+$/ },
  },
  outputFiles: 1,
  endings: {
    expired: { kind: 'expired', ...NOTHING },
    cancelled: { kind: 'cancelled', ...NOTHING },
  },
  unknown: { jobId: 'batches/nowhere', file: 'files/nowhere' },
  patches: {
    unknownStatus: {
      fields: {
        metadata: { state: 'BATCH_STATE_DREAMING', createTime: '2026-11-25T00:00:00Z' },
      },
      status: 'BATCH_STATE_DREAMING',
    },
    noJob: { metadata: null },
    nothingCreated: { name: null },
    noList: { operations: 'none' },
    noFileList: { files: 'none' },
    oddFields: {
      done: 'yes',
      error: 'none',
      metadata: {
        state: 'BATCH_STATE_SUCCEEDED',
        createTime: 5,
        displayName: {},
        inputConfig: 7,
        batchStats: 'many',
      },
    },
  },
  incompleteLists: {
    'a job without a name': { operations: [{ metadata: {} }] },
    'a job that is a text': { operations: ['batches/1'] },
    'jobs that could not be reached': { operations: [], unreachable: ['a-region'] },
    'the same next page over and over': { operations: [], nextPageToken: 'same' },
  },
  omitsEmptyList: true,
  createRefusals: [
    [400, 'API_KEY_INVALID', 'account'],
    [403, 'PERMISSION_DENIED', 'account'],
    [404, 'NOT_FOUND', 'account'],
    [429, 'RESOURCE_EXHAUSTED', 'quota'],
  ],
});
