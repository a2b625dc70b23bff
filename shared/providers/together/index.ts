import * as z from 'zod';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { referenceOf } from '../../jsonl/rows.ts';
import { dropping, inOrder, renaming } from '../openai/api.ts';
import { readRows } from '../openai/rows.ts';
import { connectService, type Service, submitFile } from '../openai/service.ts';
import { uploadName } from '../openai/submit.ts';
import type { Provider, ProviderEntry, Submission } from '../provider.ts';
import { type TogetherSettings, togetherDescription } from './description.ts';
import {
  BATCHES,
  cancel,
  check,
  deleteFiles,
  deleteLeftovers,
  listJobs,
  listStates,
  WORDS,
} from './jobs.ts';
import { rowOf } from './rows.ts';

const PUBLIC_BASE_URL = 'https://api.together.ai/v1';

/** Connects to Together's Batch API: https://docs.together.ai/docs/inference/batch/overview. */
export async function connectTogether(entry: ProviderEntry<TogetherSettings>): Promise<Provider> {
  const { settings, limits } = entry;
  const service = await connectService(entry, WORDS, PUBLIC_BASE_URL);
  return {
    ...togetherDescription,
    limits,
    referenceOf: shortId,
    submit: (submission) => submit(service, submission, settings),
    check: (jobId) => check(service, jobId),
    cancel: (jobId) => cancel(service, jobId),
    listJobs: (since, position) => listJobs(service, since, position),
    listStates: () => listStates(service),
    readRows: (outcome) => readRows(service.reads, outcome, WORDS, rowOf),
    deleteFiles: (jobId) => deleteFiles(service, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(service, keys, since),
  };
}

/** Characters of a `custom_id`: https://docs.together.ai/docs/inference/batch/tutorial */
const MAX_ID_LENGTH = 64;

function shortId(customId: string): string {
  return customId.length <= MAX_ID_LENGTH ? customId : referenceOf(customId);
}

/** `BatchCreateResponse` of together-ai. Only the answer to this call has the job in a field. */
const createdSchema = z.object({ job: z.object({ id: z.string().min(1) }) });

function submit(service: Service, submission: Submission, settings: TogetherSettings) {
  const { key, endpoint } = submission;
  const change = inOrder([dropping(settings.dropFields), renaming(settings, submission)]);
  return submitFile(service, submission, {
    // A line has no method and no path.
    translate(bytes) {
      const line = parseRequestLine(bytes);
      const { custom_id: customId, body } = change?.(line) ?? line;
      return Buffer.from(JSON.stringify({ custom_id: shortId(customId), body }));
    },
    // https://docs.together.ai/reference/upload-file
    upload: {
      path: '/files/upload',
      fields: { purpose: 'batch-api', file_name: uploadName(key), file_type: 'jsonl' },
    },
    async create(fileId, options) {
      const body = { input_file_id: fileId, endpoint, completion_window: '24h' };
      const answer = await service.writes.post(BATCHES, { body, ...options });
      return createdSchema.parse(answer).job.id;
    },
  });
}
