import { providerContract } from './contract.ts';
import { BIGQUERY, startVertex, UNKNOWN_JOB, VERTEX_ANSWERS } from './vertex/world.ts';

providerContract({
  name: 'Vertex AI on BigQuery',
  endpoint: '/v1/chat/completions',
  model: 'gemini-2.5-flash',
  journalBatch: 'bhabcdefghij012345',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Say a word.' }] },
  }),
  start: (options) => startVertex(options, { store: BIGQUERY }),
  calls: {
    create: { method: 'POST', path: /\/batchPredictionJobs$/ },
    check: { method: 'GET', path: /\/batchPredictionJobs\/[^/]+$/ },
    cancel: { method: 'POST', path: /:cancel$/ },
    list: { method: 'GET', path: /\/batchPredictionJobs$/ },
    download: { method: 'GET', path: /\/tables\/[^/]+\/data$/ },
  },
  fileCalls: {
    upload: { path: /^\/upload\/bigquery\// },
    listFiles: { method: 'GET', path: /\/tables\/[^/]+$/ },
    delete: { method: 'DELETE', path: /\/tables\/[^/]+$/ },
  },
  outputFiles: 1,
  // Requests that did not run have no rows.
  endings: { expired: { kind: 'expired', least: 1, most: 19, leastRows: 1 } },
  unknown: { jobId: UNKNOWN_JOB, file: 'bq://a-project.batch_outputs.nowhere' },
  ...VERTEX_ANSWERS,
  createRefusals: [[403, 'BILLING_DISABLED', 'account']],
});
