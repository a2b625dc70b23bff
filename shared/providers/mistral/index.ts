import * as z from 'zod';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { openAiRow } from '../openai/rowErrors.ts';
import { readRows } from '../openai/rows.ts';
import { connectService, type Service, submitFile } from '../openai/service.ts';
import { KEY_METADATA } from '../openai/submit.ts';
import type { Provider, ProviderEntry, Submission } from '../provider.ts';
import { modelAt } from '../settings.ts';
import { describeMistral, type MistralSettings, timeoutHours } from './description.ts';
import {
  cancel,
  check,
  deleteFiles,
  deleteLeftovers,
  JOBS,
  listJobs,
  listStates,
  WORDS,
} from './jobs.ts';
import { mistralBody } from './requests.ts';

const PUBLIC_BASE_URL = 'https://api.mistral.ai/v1';

/**
 * Connects to Mistral's Batch API: https://docs.mistral.ai/api/endpoint/batch. Its files and the
 * rows of answers are OpenAI's. Its own SDK is no dependency: for these calls OpenAI's client does the same.
 */
export async function connectMistral(entry: ProviderEntry<MistralSettings>): Promise<Provider> {
  const { settings, limits } = entry;
  const service = await connectService(entry, WORDS, PUBLIC_BASE_URL);
  return {
    ...(await describeMistral(settings)),
    limits,
    submit: (submission) => submit(service, submission, settings),
    check: (jobId) => check(service, jobId),
    cancel: (jobId) => cancel(service, jobId),
    listJobs: (since, position) => listJobs(service, since, position),
    listStates: () => listStates(service),
    readRows: (outcome) => readRows(service.reads, outcome, WORDS, (row) => openAiRow(row)),
    deleteFiles: (jobId) => deleteFiles(service, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(service, keys, since),
  };
}

const createdSchema = z.object({ id: z.string().min(1) });

function submit(service: Service, submission: Submission, settings: MistralSettings) {
  const { key, batchId, endpoint, model, format } = submission;
  return submitFile(service, submission, {
    // The model is the job's, and the method and the path are the same for all requests.
    translate(line) {
      const { custom_id, ...request } = parseRequestLine(line);
      const body = mistralBody(request, format, settings);
      return Buffer.from(JSON.stringify({ custom_id, body }));
    },
    upload: { path: '/files', fields: { purpose: 'batch' } },
    async create(fileId, options) {
      // `CreateBatchJobRequest` in @mistralai/mistralai.
      const body = {
        input_files: [fileId],
        endpoint,
        model: modelAt(settings.models, model),
        metadata: { [KEY_METADATA]: key, batch_id: batchId },
        timeout_hours: timeoutHours(settings, submission.completionWindow),
      };
      return createdSchema.parse(await service.writes.post(JOBS, { body, ...options })).id;
    },
  });
}
