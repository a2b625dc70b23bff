import { createReadStream, openAsBlob } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type Anthropic from '@anthropic-ai/sdk';
import { messageOf, ProviderError, RefusedError, shortReason } from '../../batch/errors.ts';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { type Line, lineGroups } from '../../jsonl/lines.ts';
import { batchTooLarge } from '../errors.ts';
import { SLOWEST_UPLOAD_BYTES_PER_MS } from '../http.ts';
import type { Submission } from '../provider.ts';
import type { RequestSettings } from '../settings.ts';
import { createdSchema } from './api.ts';
import { classify } from './errors.ts';
import { paramsOf, wireIdOf } from './requests.ts';

/** Writes the translated requests to disk, then sends them all in one create call. */
export async function submit(
  client: Anthropic,
  submission: Submission,
  settings: RequestSettings,
): Promise<{ jobId: string }> {
  // Next to the input, in a directory that is removed after a crash.
  const path = `${submission.file.path}.create.json`;
  try {
    const bytes = await writeRequests(path, submission, settings);
    return { jobId: await create(client, path, bytes, submission) };
  } finally {
    await rm(path, { force: true });
  }
}

async function writeRequests(path: string, submission: Submission, settings: RequestSettings) {
  try {
    return await writeCreateBody(path, submission, settings);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    // The settings may have changed since the inspection.
    if (error instanceof RefusedError) throw new ProviderError('permanent', error.reason);
    const reason = shortReason('translation_failed', `before the create call: ${messageOf(error)}`);
    throw new ProviderError('transient', reason, { cause: error });
  }
}

async function create(
  client: Anthropic,
  path: string,
  bytes: number,
  { createDeadlineMs, beforeCreate }: Submission,
): Promise<string> {
  // The call contains the requests: it gets the time of an upload, and then its own.
  const timeout = Math.ceil(createDeadlineMs + bytes / SLOWEST_UPLOAD_BYTES_PER_MS);
  try {
    const body = await openAsBlob(path);
    beforeCreate?.();
    // Not `batches.create`, which would hold all requests in memory.
    const answer: unknown = await client.post('/v1/messages/batches', {
      body,
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

/**
 * https://platform.claude.com/docs/en/build-with-claude/batch-processing: 256 MB a batch. MB is
 * read as 10^6 bytes, which is allowed under either reading.
 */
const MAX_CREATE_BYTES = 256 * 1000 * 1000;
/** Requests are collected up to this many characters: a write per request would cost more. */
const WRITE_CHARACTERS = 256 * 1024;

/**
 * Writes the body of the create call to a file. Memory holds a few requests, whatever its size.
 *
 * @returns its length in bytes
 * @throws RefusedError if the translated requests are too large for one batch
 */
export async function writeCreateBody(
  path: string,
  submission: Pick<Submission, 'file' | 'key' | 'format'>,
  settings: RequestSettings,
  maxBytes = MAX_CREATE_BYTES,
): Promise<number> {
  await using target = await open(path, 'w');
  let pending = '{"requests":[';
  let separator = '';
  let bytes = 0;
  const flush = async (end = '') => {
    bytes += await append(target, pending + end);
    pending = '';
    if (bytes > maxBytes) throw batchTooLarge('Anthropic', maxBytes);
  };
  for await (const group of lineGroups(createReadStream(submission.file.path)))
    for (const line of group) {
      pending += separator + translated(line, submission, settings);
      separator = ',\n';
      if (pending.length >= WRITE_CHARACTERS) await flush();
    }
  await flush(']}');
  return bytes;
}

async function append(target: FileHandle, text: string): Promise<number> {
  const chunk = Buffer.from(text);
  await target.writeFile(chunk);
  return chunk.length;
}

function translated(
  { bytes }: Line,
  { key, format }: Pick<Submission, 'key' | 'format'>,
  settings: RequestSettings,
): string {
  const { custom_id: customId, ...request } = parseRequestLine(bytes);
  const params = paramsOf(request, format, settings);
  return JSON.stringify({ custom_id: wireIdOf(key, customId), params });
}
