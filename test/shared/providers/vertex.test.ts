import { providerContract } from './contract.ts';
import { GCS, startVertex, UNKNOWN_JOB, VERTEX_ANSWERS } from './vertex/world.ts';

providerContract({
  name: 'Vertex AI on Cloud Storage',
  endpoint: '/v1/chat/completions',
  model: 'gemini-2.5-flash',
  journalBatch: 'bhabcdefghij012345',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Say a word.' }] },
  }),
  start: (options) => startVertex(options, { store: GCS }),
  calls: {
    create: { method: 'POST', path: /\/batchPredictionJobs$/ },
    check: { method: 'GET', path: /\/batchPredictionJobs\/[^/]+$/ },
    cancel: { method: 'POST', path: /:cancel$/ },
    list: { method: 'GET', path: /\/batchPredictionJobs$/ },
    download: { method: 'GET', path: /\/o\/[^/]+$/ },
  },
  fileCalls: {
    upload: { path: /^\/upload\/storage\// },
    listFiles: { method: 'GET', path: /\/o\/[^/]+$/ },
    delete: { method: 'DELETE', path: /\/o\/[^/]+$/ },
  },
  outputFiles: 1,
  // Requests that did not run have no rows.
  endings: { expired: { kind: 'expired', least: 1, most: 19, leastRows: 1 } },
  unknown: { jobId: UNKNOWN_JOB, file: 'gs://a-bucket/nowhere.jsonl' },
  ...VERTEX_ANSWERS,
  createRefusals: [[403, 'BILLING_DISABLED', 'account']],
});
