import { openAsBlob } from 'node:fs';
import type OpenAI from 'openai';
import type { Submission } from '../provider.ts';
import { classify } from './classify.ts';
import type { OpenAiOptions } from './description.ts';
import { batchSchema, fileSchema } from './wire.ts';

/** The key of a job's metadata that holds its submission key. */
export const KEY_METADATA = 'batch_handler_key';

const UPLOAD_RETRIES = 2;
/** A line slower than this is taken as stuck. */
const SLOWEST_UPLOAD_BYTES_PER_MS = 1_000;
const UPLOAD_START_MS = 60_000;
const DELETE_DEADLINE_MS = 10_000;
// The longest OpenAI allows: what a crash leaves behind disappears by itself.
const INPUT_EXPIRES_AFTER_SECONDS = 30 * 24 * 60 * 60;

/** By which an upload that a crash left behind is found again. */
export function uploadName(key: string): string {
  return `${key}.jsonl`;
}

/** Uploads the requests, then sends one create call. */
export async function submit(client: OpenAI, submission: Submission): Promise<{ jobId: string }> {
  const fileId = await upload(client, submission);
  try {
    return { jobId: await create(client, submission, fileId) };
  } catch (error) {
    const refused = classify(error, 'create');
    if (refused.kind !== 'uncertain') await discard(client, fileId);
    throw refused;
  }
}

async function upload(client: OpenAI, { file, key }: Submission): Promise<string> {
  const timeout = UPLOAD_START_MS + Math.ceil(file.bytes / SLOWEST_UPLOAD_BYTES_PER_MS);
  try {
    const answer: unknown = await client.files.create(
      {
        file: new File([await openAsBlob(file.path)], uploadName(key)),
        purpose: 'batch',
        expires_after: { anchor: 'created_at', seconds: INPUT_EXPIRES_AFTER_SECONDS },
      },
      {
        maxRetries: UPLOAD_RETRIES,
        timeout,
        signal: AbortSignal.timeout(timeout * (UPLOAD_RETRIES + 1)),
      },
    );
    return fileSchema.parse(answer).id;
  } catch (error) {
    throw classify(error, 'upload');
  }
}

async function create(client: OpenAI, submission: Submission, fileId: string): Promise<string> {
  const { outputExpiresAfterSeconds: seconds } = submission.options as OpenAiOptions;
  const answer: unknown = await client.batches.create(
    {
      input_file_id: fileId,
      // The SDK lists the values of its day; a newer one is for OpenAI to judge.
      endpoint: submission.endpoint as OpenAI.BatchCreateParams['endpoint'],
      completion_window: submission.completionWindow as '24h',
      metadata: { [KEY_METADATA]: submission.key, batch_id: submission.batchId },
      ...(seconds === undefined ? {} : { output_expires_after: { anchor: 'created_at', seconds } }),
    },
    // An SDK that repeats a create call whose reply was lost makes a second paid job.
    { maxRetries: 0, signal: AbortSignal.timeout(Math.ceil(submission.createDeadlineMs)) },
  );
  return batchSchema.pick({ id: true }).parse(answer).id;
}

/** Best effort: the file expires by itself, and the refusal is what matters. */
async function discard(client: OpenAI, fileId: string): Promise<void> {
  const signal = AbortSignal.timeout(DELETE_DEADLINE_MS);
  await client.files.delete(fileId, { maxRetries: 1, signal }).catch(() => undefined);
}
