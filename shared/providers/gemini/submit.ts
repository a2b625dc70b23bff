import { rm } from 'node:fs/promises';
import { modelAt } from '../models.ts';
import type { Submission } from '../provider.ts';
import { type Client, classify, VERSION } from './client.ts';
import { remove } from './remove.ts';
import { EMBEDDINGS, modelPathOf, type RequestSettings } from './request.ts';
import { upload } from './upload.ts';
import { createdSchema } from './wire.ts';
import { writeInput } from './writeInput.ts';

const DELETE_DEADLINE_MS = 10_000;

/** Translates the requests onto disk, uploads them, then sends one create call. */
export async function submit(
  client: Client,
  submission: Submission,
  settings: RequestSettings,
): Promise<{ jobId: string }> {
  const fileName = await uploadRequests(client, submission, settings);
  try {
    return { jobId: await create(client, submission, settings, fileName) };
  } catch (error) {
    const refused = classify(error, 'create');
    if (refused.kind !== 'uncertain') await discard(client, fileName);
    throw refused;
  }
}

async function uploadRequests(
  client: Client,
  submission: Submission,
  settings: RequestSettings,
): Promise<string> {
  // Beside the input, whose directory is emptied after a crash.
  const path = `${submission.file.path}.gemini.jsonl`;
  try {
    const bytes = await writeInput(path, submission, settings);
    return await upload(client, { path, bytes, displayName: submission.key });
  } catch (error) {
    throw classify(error, 'upload');
  } finally {
    await rm(path, { force: true });
  }
}

/** https://ai.google.dev/api/batch-api: it is not idempotent, so it is sent once. */
async function create(
  { rest, url }: Client,
  { key, model, endpoint, createDeadlineMs }: Submission,
  { models }: RequestSettings,
  fileName: string,
): Promise<string> {
  const method = endpoint === EMBEDDINGS ? 'asyncBatchEmbedContent' : 'batchGenerateContent';
  const path = `/${VERSION}/${modelPathOf(modelAt(models, model))}:${method}`;
  const json = { batch: { displayName: key, inputConfig: { fileName } } };
  const answer = await rest.once({ method: 'POST', url: url(path), json }, createDeadlineMs);
  return createdSchema.parse(answer).name;
}

/** Best effort: the file expires by itself, and the refusal is what matters. */
async function discard(client: Client, fileName: string): Promise<void> {
  const signal = AbortSignal.timeout(DELETE_DEADLINE_MS);
  await remove(client, fileName, signal).catch(() => undefined);
}
