import type { Harness } from '../harness.ts';

/** What all services have in common that speak OpenAI's API. */
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
  },
} satisfies Partial<Harness>;
