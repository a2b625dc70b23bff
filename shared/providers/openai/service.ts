import { rm } from 'node:fs/promises';
import type OpenAI from 'openai';
import type { JobState } from '../../batch/job.ts';
import { translateLines } from '../../jsonl/scratch.ts';
import { type Classify, ignoring, undefinedIfMissing } from '../errors.ts';
import { CLEAN_UP_DEADLINE_MS, credentialOf, readOptions, SECOND_MS } from '../http.ts';
import type { ListEntries } from '../listing.ts';
import type { ProviderEntry, Submission } from '../provider.ts';
import { fileNameSchema, fileSchema, listedFileSchema, readClient, writeClient } from './api.ts';
import { apiFailureOf, type ServiceWords, serviceClassifier } from './errors.ts';
import { createOptions, discard, keyOfUpload, openUpload, uploadName } from './submit.ts';

/** A service with OpenAI's Files API, or nearly that, and with jobs of its own. */
export interface Service {
  readonly words: ServiceWords;
  readonly classify: Classify;
  /** For calls that only read, which may be repeated. */
  readonly reads: OpenAI;
  /** For upload and create: nothing is sent twice unless the call says so. */
  readonly writes: OpenAI;
}

/** @param publicBaseUrl with the version, as `baseUrl` of an entry must have it, too */
export async function connectService(
  { entry, secret, baseUrl = '' }: ProviderEntry<unknown>,
  words: ServiceWords,
  publicBaseUrl: string,
): Promise<Service> {
  const apiKey = credentialOf(entry, await secret());
  const connection = { apiKey, baseUrl: baseUrl.replace(/\/+$/, '') || publicBaseUrl };
  const classify = serviceClassifier(words);
  return { words, classify, reads: readClient(connection), writes: writeClient(connection) };
}

/** How a service takes a job. */
export interface FileWire {
  /** Turns a line into the service's own. Undefined: the file is sent as it is. */
  readonly translate: ((line: Buffer) => Uint8Array) | undefined;
  /** The path of the upload, and the fields of its form, which precede the file. */
  readonly upload: { readonly path: string; readonly fields: Readonly<Record<string, string>> };
  /** Sends the create call with these options, and returns the id of the job. */
  create(fileId: string, options: ReturnType<typeof createOptions>): Promise<string>;
}

/** Uploads the requests, then sends one create call. */
export async function submitFile(
  service: Service,
  submission: Submission,
  wire: FileWire,
): Promise<{ jobId: string }> {
  const { classify, writes } = service;
  const fileId = await upload(service, submission, wire).catch((error: unknown) => {
    throw classify(error, 'upload');
  });
  try {
    return { jobId: await wire.create(fileId, createOptions(submission)) };
  } catch (error) {
    const refused = classify(error, 'create');
    if (refused.kind !== 'uncertain') await discard(writes, fileId);
    throw refused;
  }
}

async function upload(
  { writes }: Service,
  { key, file }: Submission,
  { translate, upload: { path, fields } }: FileWire,
): Promise<string> {
  const send = async (source: string) => {
    const { file: content, options } = await openUpload(key, source);
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append('file', content, content.name);
    return fileSchema.parse(await writes.post(path, { body, ...options })).id;
  };
  if (translate === undefined) return send(file.path);
  // Written to disk first: an upload needs its length beforehand, and may be repeated.
  const translated = `${file.path}.translated`;
  try {
    await translateLines(file.path, translated, translate);
    return await send(translated);
  } finally {
    await rm(translated, { force: true });
  }
}

/** Asks the service to end a job. @param send the call, which may be repeated */
export async function cancelJob(
  { classify }: Service,
  send: () => Promise<unknown>,
): Promise<void> {
  try {
    await send();
  } catch (error) {
    const failure = classify(error, 'read');
    // 400, 409 or 422: it has ended, or is ending already.
    const hasEnded = failure.kind === 'permanent' || apiFailureOf(error).status === 409;
    if (!hasEnded && failure.kind !== 'missing') throw failure;
  }
}

/** The present state of a job. One that the service does not know is `missing`, not an error. */
export async function checkJob(
  { classify }: Service,
  read: () => Promise<JobState>,
): Promise<JobState> {
  return (await undefinedIfMissing(classify, read)) ?? { state: 'missing' };
}

/** What a job in a listing shows of its input. */
interface ListedInput {
  readonly fileId: string | null | undefined;
  /** Whether the job is known to have ended. */
  readonly hasEnded: boolean;
}

/**
 * The submission key of a job by the name of its input.
 *
 * @param entries of the listing. A job that does not show whose it is may be the one that is looked
 *   for: the listing then proves no absence
 * @returns undefined for a job that is not ours, and for one that does not show whose it is
 */
export async function keyOfInput(
  { classify, reads }: Pick<Service, 'classify' | 'reads'>,
  { fileId, hasEnded }: ListedInput,
  entries: ListEntries,
): Promise<string | undefined> {
  const file = fileId
    ? await undefinedIfMissing(classify, async () =>
        fileNameSchema.parse(await reads.files.retrieve(fileId, readOptions())),
      )
    : undefined;
  if (file) return keyOfUpload(file.filename);
  // A file that was deleted belongs to a job whose results are safe, and which nobody looks for. That
  // of a job which still runs may only not be visible yet.
  if (!fileId || !hasEnded) entries.miss();
  return undefined;
}

/**
 * Deletes files.
 *
 * @param find gives their ids, all before the first is deleted; a job that is missing has none
 */
export async function deleteFound(
  { classify, reads }: Service,
  find: (signal: AbortSignal) => Promise<readonly string[]>,
): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  const found = (await undefinedIfMissing(classify, () => find(signal))) ?? [];
  for (const fileId of found)
    await ignoring(['missing'], classify, () => reads.files.delete(fileId, { signal }));
}

/**
 * Of the files of a listing, the ids of those that were uploaded for one of these keys since then. One
 * that cannot be read is left, and one of unknown age is not older.
 */
export function uploadsOf(
  keys: ReadonlySet<string>,
  since: number,
): (files: readonly unknown[]) => readonly string[] {
  const names = new Set([...keys].map(uploadName));
  return (files) =>
    files.flatMap((entry) => {
      const file = listedFileSchema.safeParse(entry).data;
      if (file === undefined || !names.has(file.filename)) return [];
      const { id, created_at: seconds } = file;
      return seconds === undefined || (seconds + 1) * SECOND_MS >= since ? [id] : [];
    });
}
