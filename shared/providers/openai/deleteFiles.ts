import type OpenAI from 'openai';
import { CLEAN_UP_DEADLINE_MS } from '../readBounds.ts';
import { classify } from './classify.ts';
import { batchSchema } from './wire.ts';

/** Deletes the input, output and error file of a job. What is not there needs no deleting. */
export async function deleteFiles(client: OpenAI, jobId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  await unlessMissing(async () => {
    const job = batchSchema.parse(await client.batches.retrieve(jobId, { signal }));
    // Azure gives an empty string where OpenAI gives null.
    for (const fileId of [job.input_file_id, job.output_file_id, job.error_file_id])
      if (fileId != null && fileId !== '') await deleteFile(client, fileId, signal);
  });
}

/** Deletes one file, if it is there. */
export function deleteFile(client: OpenAI, fileId: string, signal: AbortSignal): Promise<void> {
  return unlessMissing(() => client.files.delete(fileId, { signal }));
}

async function unlessMissing(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind !== 'missing') throw failure;
  }
}
