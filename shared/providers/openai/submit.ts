import type OpenAI from 'openai';
import type { Submission } from '../provider.ts';
import { classify } from './classify.ts';
import type { OpenAiOptions } from './description.ts';
import type { Dialect } from './dialect.ts';
import { upload } from './upload.ts';
import { batchSchema } from './wire.ts';

/** The key of a job's metadata that holds its submission key. */
export const KEY_METADATA = 'batch_handler_key';

const DELETE_DEADLINE_MS = 10_000;

/** Uploads the requests, then sends one create call. */
export async function submit(
  client: OpenAI,
  submission: Submission,
  dialect: Dialect,
): Promise<{ jobId: string }> {
  const fileId = await upload(client, submission, dialect);
  try {
    return { jobId: await create(client, submission, fileId, dialect) };
  } catch (error) {
    const refused = classify(error, 'create');
    if (refused.kind !== 'uncertain') await discard(client, fileId);
    throw refused;
  }
}

async function create(
  client: OpenAI,
  submission: Submission,
  fileId: string,
  dialect: Dialect,
): Promise<string> {
  const { outputExpiresAfterSeconds: seconds = dialect.outputExpiresAfterSeconds } =
    submission.options as OpenAiOptions;
  const endpoint = dialect.jobEndpoint(submission.endpoint);
  const answer: unknown = await client.batches.create(
    {
      input_file_id: fileId,
      // The SDK lists the values of its day; a newer one is for OpenAI to judge.
      endpoint: endpoint as OpenAI.BatchCreateParams['endpoint'],
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
