import * as z from 'zod';
import { dropping, inOrder, renaming } from '../openai/api.ts';
import { connectService, type Service, submitFile } from '../openai/service.ts';
import { changedLine } from '../openai/submit.ts';
import type { Provider, ProviderEntry, Submission } from '../provider.ts';
import { type XaiSettings, xaiDescription } from './description.ts';
import {
  BATCHES,
  batchName,
  cancel,
  check,
  deleteFiles,
  deleteLeftovers,
  listJobs,
  WORDS,
} from './jobs.ts';
import { readRows } from './rows.ts';

const PUBLIC_BASE_URL = 'https://api.x.ai/v1';

/**
 * Connects to xAI's Batch API: https://docs.x.ai/developers/advanced-api-usage/batch-api. The lines
 * of its files are OpenAI's. A batch has counters and no status, and its results are listed.
 */
export async function connectXai(entry: ProviderEntry<XaiSettings>): Promise<Provider> {
  const { settings, limits } = entry;
  const service = await connectService(entry, WORDS, PUBLIC_BASE_URL);
  return {
    ...xaiDescription,
    limits,
    submit: (submission) => submit(service, submission, settings),
    check: (jobId) => check(service, jobId),
    cancel: (jobId) => cancel(service, jobId),
    listJobs: (since, position) => listJobs(service, since, position),
    readRows: (outcome) => readRows(service, outcome),
    deleteFiles: (jobId) => deleteFiles(service, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(service, keys, since),
  };
}

const createdSchema = z.object({ batch_id: z.string().min(1) });

/** The longest: files that a crash leaves behind disappear by themselves. */
const EXPIRY_SECONDS = 30 * 24 * 60 * 60;

function submit(service: Service, submission: Submission, settings: XaiSettings) {
  const { key, requests } = submission;
  const change = inOrder([dropping(settings.dropFields), renaming(settings, submission)]);
  return submitFile(service, submission, {
    translate: change && ((line) => changedLine(line, change)),
    // The expiry must precede the file: `xai-batch.ts` of @ai-sdk/xai.
    upload: {
      path: '/files',
      fields: { expires_after: String(EXPIRY_SECONDS), purpose: 'batch' },
    },
    async create(fileId, options) {
      const body = { name: batchName(key, requests), input_file_id: fileId };
      return createdSchema.parse(await service.writes.post(BATCHES, { body, ...options })).batch_id;
    },
  });
}
