import type { Provider } from '../../../../shared/providers/provider.ts';
import { startOpenAiSimulator } from '../../../../simulators/openai/index.ts';
import { type Harness, type Simulation, type SimulationOptions, simulate } from '../harness.ts';

export const API_KEY = 'sk-test';

const FULL = { 'at create': 429, 'in the job': 'job' } as const;

/** A service that speaks OpenAI's API, and the provider connected to it. */
export function simulateOpenAi(
  { plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions,
  connect: (url: string) => Promise<Provider>,
): Promise<Simulation> {
  return simulate(
    (dataDir) =>
      startOpenAiSimulator({
        port: 0,
        dataDir,
        plan: [...plan],
        jobSeconds,
        apiKeys: [wrongKey ? 'sk-of-another' : API_KEY],
        ...(full ? { enqueuedTokenLimit: 1, enqueuedTokenRefusal: FULL[full] } : {}),
      }),
    connect,
  );
}

/** The part of the harness that services with OpenAI's API have in common. */
export const OPENAI_API = {
  calls: {
    create: { method: 'POST', path: /\/batches$/ },
    check: { method: 'GET', path: /\/batches\/[^/]+$/ },
    cancel: { method: 'POST', path: /\/cancel$/ },
    list: { method: 'GET', path: /\/batches$/ },
    download: { method: 'GET', path: /\/content$/ },
  },
  fileCalls: {
    upload: { method: 'POST', path: /\/files$/ },
    listFiles: { method: 'GET', path: /\/files$/ },
    delete: { method: 'DELETE', path: /\/files\/[^/]+$/ },
  },
  unknown: { jobId: 'batch_nowhere', file: 'file-nowhere' },
  patches: {
    unknownStatus: { fields: { status: 'dreaming' }, status: 'dreaming' },
    noJob: { status: null },
    nothingCreated: { id: null },
    noList: { data: null },
    noFileList: { data: null },
    oddFields: {
      errors: [],
      request_counts: 'many',
      metadata: 'none',
      created_at: null,
      input_file_id: 5,
    },
  },
  incompleteLists: {
    'a job without an id': { data: [{ status: 'completed' }], has_more: false },
    'a job that is a text': { data: ['batch_1'], has_more: false },
    'more to come after nothing': { data: [], has_more: true },
    'more to come after a job without an id': { data: [{ status: 'x' }], has_more: true },
    'a page that does not say whether it is the last, over and over': {
      data: [{ id: 'batch_1', status: 'in_progress', created_at: 9_999_999_999, metadata: {} }],
    },
  },
} satisfies Partial<Harness>;
