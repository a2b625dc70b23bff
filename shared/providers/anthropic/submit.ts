import { openAsBlob } from 'node:fs';
import { rm } from 'node:fs/promises';
import type Anthropic from '@anthropic-ai/sdk';
import { messageOf, ProviderError } from '../../batch/errors.ts';
import { shortReason } from '../../batch/reason.ts';
import type { Submission } from '../provider.ts';
import { classify } from './classify.ts';
import { writeCreateBody } from './createBody.ts';
import type { RequestSettings } from './request.ts';
import { createdSchema } from './wire.ts';

/** A line slower than this is taken as stuck. */
const SLOWEST_UPLOAD_BYTES_PER_MS = 1_000;

/** Translates the requests onto disk, then sends them all in one create call. */
export async function submit(
  client: Anthropic,
  submission: Submission,
  settings: RequestSettings,
): Promise<{ jobId: string }> {
  // Beside the input, whose directory is emptied after a crash.
  const path = `${submission.file.path}.create.json`;
  try {
    const bytes = await write(path, submission, settings);
    return { jobId: await create(client, path, bytes, submission) };
  } finally {
    await rm(path, { force: true });
  }
}

async function write(path: string, submission: Submission, settings: RequestSettings) {
  try {
    return await writeCreateBody(path, submission, settings);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const reason = shortReason('translation_failed', `before the create call: ${messageOf(error)}`);
    throw new ProviderError('transient', reason, { cause: error });
  }
}

async function create(
  client: Anthropic,
  path: string,
  bytes: number,
  { createDeadlineMs }: Submission,
): Promise<string> {
  // The requests travel in the call itself: it gets the time of an upload, and then its own.
  const timeout = Math.ceil(createDeadlineMs + bytes / SLOWEST_UPLOAD_BYTES_PER_MS);
  try {
    // Not `batches.create`, which would hold all requests in memory.
    const answer: unknown = await client.post('/v1/messages/batches', {
      body: await openAsBlob(path),
      headers: { 'content-type': 'application/json' },
      // An SDK that repeats a create call whose reply was lost makes a second paid job.
      maxRetries: 0,
      timeout,
      signal: AbortSignal.timeout(timeout),
    });
    return createdSchema.parse(answer).id;
  } catch (error) {
    throw classify(error, 'create');
  }
}
