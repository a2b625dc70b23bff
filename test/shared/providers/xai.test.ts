import { startXaiSimulator } from '../../../simulators/xai/index.ts';
import { providerContract } from './contract.ts';
import { type Ending, type SimulationOptions, simulate } from './harness.ts';
import { API_KEY, xaiAt } from './xai/provider.ts';

const FULL = { 'at create': 'create', 'in the job': 'job' } as const;
/** A batch that ends early has a result for each request. */
const EARLY: Omit<Ending, 'kind'> = { least: 1, most: 19, leastRows: 20 };

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return simulate(
    (dataDir) =>
      startXaiSimulator({
        dataDir,
        plan: [...plan],
        jobSeconds,
        times: 'timestamp',
        apiKeys: [wrongKey ? 'xai-of-another' : API_KEY],
        ...(full ? { pendingRequestLimit: 1, pendingRequestRefusal: FULL[full] } : {}),
      }),
    (url) => xaiAt(url, { models: { 'gpt-4o-mini': 'grok-4.3' }, dropFields: ['store'] }),
  );
}

providerContract({
  name: 'xAI',
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
    cancel: { method: 'POST', path: /:cancel$/ },
    list: { method: 'GET', path: /\/batches$/ },
    download: { method: 'GET', path: /\/results$/ },
  },
  fileCalls: {
    upload: { method: 'POST', path: /\/files$/ },
    listFiles: { method: 'GET', path: /\/files$/ },
    delete: { method: 'DELETE', path: /\/files\/[^/]+$/ },
  },
  // Results are listed by the id of the batch.
  outputFiles: 1,
  keepsResults: true,
  endings: {
    expired: { kind: 'expired', ...EARLY },
    cancelled: { kind: 'cancelled', ...EARLY },
  },
  unknown: { jobId: 'batch_nowhere', file: 'batch_nowhere' },
  patches: {
    unknownStatus: { fields: { state: null }, status: 'the batch has no counters' },
    noJob: { batch_id: null },
    nothingCreated: { batch_id: null },
    noList: { batches: null },
    noFileList: { data: null },
    oddFields: {
      name: {},
      create_time: 5,
      cancel_time: {},
      cancel_by_xai_message: 7,
      input_file_id: [],
    },
  },
  incompleteLists: {
    'a batch without an id': { batches: [{ name: 'a' }] },
    'a batch that is a text': { batches: ['batch_1'] },
    'the same next page over and over': { batches: [], pagination_token: 'same' },
    "OpenAI's list": { object: 'list', data: [], has_more: false },
  },
  createRefusals: [
    [402, 'payment', 'account'],
    [404, 'not-found', 'account'],
    [422, 'unprocessable', 'permanent'],
  ],
});
