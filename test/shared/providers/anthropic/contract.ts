import { providerContract } from '../contract.ts';
import type { Simulation, SimulationOptions } from '../harness.ts';

const LATER = '2999-01-01T00:00:00Z';

type Start = (options: SimulationOptions) => Promise<Simulation>;

/** The contract of the Message Batches API, wherever it is served. */
export function anthropicContract(name: string, start: Start): void {
  providerContract({
    name,
    endpoint: '/v1/chat/completions',
    model: 'claude-haiku-4-5',
    journalBatch: 'bhabcdefghij012345',
    request: (customId) => ({
      custom_id: customId,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'Say a word.' }] },
    }),
    start,
    calls: {
      create: { method: 'POST', path: /\/batches$/ },
      check: { method: 'GET', path: /\/batches\/[^/]+$/ },
      cancel: { method: 'POST', path: /\/cancel$/ },
      list: { method: 'GET', path: /\/batches$/ },
      download: { method: 'GET', path: /\/results$/ },
    },
    // The create call refuses such jobs: no job of the API fails as a whole.
    endings: { failed_quota: 'never', failed_invalid: 'never' },
    unknown: { jobId: 'msgbatch_nowhere', file: 'msgbatch_nowhere' },
    patches: {
      unknownStatus: { fields: { processing_status: 'dreaming' }, status: 'dreaming' },
      noJob: { processing_status: null },
      nothingCreated: { id: null },
      noList: { data: null },
      oddFields: { request_counts: 'many', created_at: 5, cancel_initiated_at: {} },
    },
    incompleteLists: {
      'a job without an id': { data: [{ processing_status: 'ended' }], has_more: false },
      'a job that is a text': { data: ['msgbatch_1'], has_more: false },
      'a running job without a number of requests': {
        data: [{ id: 'msgbatch_1', processing_status: 'in_progress', created_at: LATER }],
        has_more: false,
      },
      'nothing that says whether more follows': { data: [] },
      'more to come after nothing': { data: [], has_more: true },
    },
    createRefusals: [
      [400, 'billing_error', 'account'],
      [413, 'request_too_large', 'permanent'],
    ],
    hidesKeys: true,
  });
}
