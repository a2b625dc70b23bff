import { startMistralSimulator } from '../../../simulators/mistral/index.ts';
import { providerContract } from './contract.ts';
import { type SimulationOptions, simulate } from './harness.ts';
import { API_KEY, mistralAt } from './mistral/provider.ts';

const FULL = { 'at create': 'create', 'in the job': 'job' } as const;

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return simulate(
    (dataDir) =>
      startMistralSimulator({
        dataDir,
        plan: [...plan],
        jobSeconds,
        apiKeys: [wrongKey ? 'of-another' : API_KEY],
        ...(full ? { pendingRequestLimit: 1, pendingRequestRefusal: FULL[full] } : {}),
      }),
    (url) => mistralAt(url, { models: { 'gpt-4o-mini': 'mistral-small-latest' } }),
  );
}

providerContract({
  name: 'Mistral',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'gpt-4o-mini',
      seed: 7,
      max_completion_tokens: 100,
      messages: [
        { role: 'developer', content: 'Be short.' },
        { role: 'user', content: 'Say a word.' },
        { role: 'assistant', content: 'Word.', refusal: null, annotations: [] },
        { role: 'user', content: [{ type: 'text', text: 'Another one.' }] },
      ],
    },
  }),
  start,
  calls: {
    create: { method: 'POST', path: /\/batch\/jobs$/ },
    check: { method: 'GET', path: /\/batch\/jobs\/[^/]+$/ },
    cancel: { method: 'POST', path: /\/cancel$/ },
    list: { method: 'GET', path: /\/batch\/jobs$/ },
    download: { method: 'GET', path: /\/content$/ },
  },
  fileCalls: {
    upload: { method: 'POST', path: /\/files$/ },
    listFiles: { method: 'GET', path: /\/files$/ },
    delete: { method: 'DELETE', path: /\/files\/[^/]+$/ },
  },
  // Requests that were not run have no rows.
  endings: { expired: { kind: 'expired', least: 1, most: 19, leastRows: 1 } },
  unknown: {
    jobId: '00000000-0000-4000-8000-000000000000',
    file: '00000000-0000-4000-8000-000000000001',
  },
  patches: {
    unknownStatus: { fields: { status: 'DREAMING' }, status: 'DREAMING' },
    noJob: { status: null },
    nothingCreated: { id: null },
    noList: { total: null },
    noFileList: { data: null },
    oddFields: {
      errors: 'none',
      succeeded_requests: 'many',
      failed_requests: {},
      metadata: 'none',
      created_at: null,
      input_files: 5,
    },
  },
  incompleteLists: {
    'a job without an id': { data: [{ status: 'SUCCESS' }], total: 1 },
    'a job that is a text': { data: ['job'], total: 1 },
    'a list that does not say how long it is': { data: [], object: 'list' },
    'fewer jobs than there are': { object: 'list', total: 87 },
  },
  createRefusals: [
    [402, 'payment_required', 'account'],
    [404, 'not_found', 'account'],
    [422, 'extra_forbidden', 'permanent'],
  ],
});
