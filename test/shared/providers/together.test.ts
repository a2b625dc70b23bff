import { startTogetherSimulator } from '../../../simulators/together/index.ts';
import { providerContract } from './contract.ts';
import { type SimulationOptions, simulate } from './harness.ts';
import { API_KEY, togetherAt } from './together/provider.ts';

const FULL = { 'at create': 'create', 'in the job': 'job' } as const;
const MODEL = 'meta-llama/Llama-3.3-70B-Instruct-Turbo';
/** Requests that did not run have no row. */
const EARLY = { least: 1, most: 19, leastRows: 1 };

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return simulate(
    (dataDir) =>
      startTogetherSimulator({
        dataDir,
        plan: [...plan],
        jobSeconds,
        apiKeys: [wrongKey ? 'of-another' : API_KEY],
        ...(full ? { enqueuedTokenLimit: 1, enqueuedTokenRefusal: FULL[full] } : {}),
      }),
    (url) => togetherAt(url, { models: { 'gpt-4o-mini': MODEL }, dropFields: ['store'] }),
  );
}

providerContract({
  name: 'Together',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  journalBatch: 'bhabcdefghij012345',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'gpt-4o-mini',
      store: true,
      messages: [{ role: 'user', content: 'Say a word.' }],
    },
  }),
  start,
  calls: {
    create: { method: 'POST', path: /\/batches$/ },
    check: { method: 'GET', path: /\/batches\/[^/]+$/ },
    cancel: { method: 'POST', path: /\/cancel$/ },
    list: { method: 'GET', path: /\/batches$/ },
    download: { method: 'GET', path: /\/content$/ },
  },
  fileCalls: {
    upload: { method: 'POST', path: /\/files\/upload$/ },
    listFiles: { method: 'GET', path: /\/files$/ },
    delete: { method: 'DELETE', path: /\/files\/[^/]+$/ },
  },
  endings: {
    expired: { kind: 'expired', ...EARLY },
    cancelled: { kind: 'cancelled', ...EARLY },
  },
  unknown: { jobId: 'nowhere', file: 'file-nowhere' },
  patches: {
    unknownStatus: { fields: { status: 'DREAMING' }, status: 'DREAMING' },
    noJob: { status: null },
    nothingCreated: { job: null },
    noList: { data: [] },
    noFileList: { data: null },
    oddFields: { created_at: {}, input_file_id: 5, error: {}, progress: 'most' },
  },
  listsAll: true,
  incompleteLists: {
    'a job without an id': [{ status: 'COMPLETED' }],
    'a job that is a text': ['job'],
    "OpenAI's list": { object: 'list', data: [], has_more: false },
  },
  createRefusals: [
    [402, 'credit_limit', 'account'],
    [404, 'not_found', 'account'],
    [422, 'unprocessable', 'permanent'],
  ],
});
