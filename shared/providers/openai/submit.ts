import { openAsBlob } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type OpenAI from 'openai';
import { ProviderError, shortReason } from '../../batch/errors.ts';
import { isSubmissionKey } from '../../batch/ids.ts';
import { USUAL_WINDOW } from '../../batch/job.ts';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { translateLines } from '../../jsonl/scratch.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { DISCARD_DEADLINE_MS, readOptions, SLOWEST_UPLOAD_BYTES_PER_MS } from '../http.ts';
import type { Submission } from '../provider.ts';
import {
  type Dialect,
  fileSchema,
  type LineChange,
  type Uploaded,
  wireBatchSchema,
} from './api.ts';
import type { OpenAiJobOptions } from './description.ts';
import { apiFailureOf, classify, isFileUnready } from './errors.ts';

/** The key of a job's metadata that holds its submission key. */
export const KEY_METADATA = 'batch_handler_key';

/** Uploads the requests, then sends one create call. */
export async function submit(
  client: OpenAI,
  submission: Submission,
  dialect: Dialect,
): Promise<{ jobId: string }> {
  const uploaded = await upload(client, submission, dialect);
  const { id: fileId } = uploaded;
  try {
    await awaitProcessing(client, uploaded);
    return { jobId: await createWhenReady(client, submission, fileId, dialect) };
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
    submission.options as OpenAiJobOptions;
  const endpoint = dialect.jobEndpoint(submission.endpoint);
  const window = submission.completionWindow ?? dialect.completionWindow ?? USUAL_WINDOW;
  const job = {
    input_file_id: fileId,
    // The SDK lists the endpoints of its release. OpenAI decides about newer ones.
    endpoint: endpoint as OpenAI.BatchCreateParams['endpoint'],
    // The SDK knows only OpenAI's.
    completion_window: window as '24h',
    metadata: { [KEY_METADATA]: submission.key, batch_id: submission.batchId },
    output_expires_after:
      seconds === undefined ? undefined : { anchor: 'created_at' as const, seconds },
  };
  const answer: unknown = await client.batches.create(
    omitUndefined(job),
    createOptions(submission),
  );
  return wireBatchSchema.pick({ id: true }).parse(answer).id;
}

/** Options of a create call. An SDK that repeats one whose reply was lost makes a second paid job. */
export function createOptions({
  createDeadlineMs,
  beforeCreate,
}: Pick<Submission, 'createDeadlineMs' | 'beforeCreate'>) {
  beforeCreate?.();
  return { maxRetries: 0, signal: AbortSignal.timeout(Math.ceil(createDeadlineMs)) };
}

/** A file that is not processed by then is deleted and uploaded again, after a backoff. */
const FILE_READY_MS = 180_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/**
 * Runs `step` until it returns something, with growing waits in between.
 *
 * @returns undefined if it has returned nothing within three minutes
 */
async function untilReady<T>(step: () => Promise<T | undefined>): Promise<T | undefined> {
  const giveUpAt = Date.now() + FILE_READY_MS;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const result = await step();
    if (result !== undefined || Date.now() + wait > giveUpAt) return result;
    await delay(wait);
  }
}

/** Sends the create call again where it was refused, for certain, because the file is not ready. */
async function createWhenReady(...call: Parameters<typeof create>): Promise<string> {
  let refusal: unknown;
  const jobId = await untilReady(async () => {
    try {
      return await create(...call);
    } catch (error) {
      if (!isFileUnready(apiFailureOf(error))) throw error;
      refusal = error;
      return undefined;
    }
  });
  if (jobId === undefined) throw refusal;
  return jobId;
}

/** Statuses of a file that a job cannot be created from yet. */
const UNREADY_STATUSES: ReadonlySet<string | undefined> = new Set(['pending', 'running']);

/**
 * Waits until an upload that is still being processed is ready.
 *
 * @throws ProviderError `permanent` if the service cannot process it, `transient` if it takes too long
 */
async function awaitProcessing(client: OpenAI, uploaded: Uploaded): Promise<void> {
  let { status } = uploaded;
  if (!UNREADY_STATUSES.has(status)) return;
  const { id } = uploaded;
  const file = await untilReady(async () => {
    const found = await client.files.retrieve(id, readOptions()).catch(() => undefined);
    const seen = fileSchema.safeParse(found);
    if (seen.success) status = seen.data.status;
    return UNREADY_STATUSES.has(status) ? undefined : seen.data;
  });
  if (file === undefined)
    throw fileError('transient', `is still ${status} after ${FILE_READY_MS / 1000} s`);
  if (status === 'error') throw fileError('permanent', `was refused: ${file.status_details}`);
}

function fileError(kind: 'permanent' | 'transient', what: string): ProviderError {
  return new ProviderError(kind, shortReason(`file_${kind}`, `OpenAI, upload: the file ${what}`));
}

/** Best effort: the file expires by itself, and the caller throws the refusal. */
export async function discard(client: OpenAI, fileId: string): Promise<void> {
  const signal = AbortSignal.timeout(DISCARD_DEADLINE_MS);
  await client.files.delete(fileId, { maxRetries: 1, signal }).catch(() => undefined);
}

const UPLOAD_RETRIES = 2;
const UPLOAD_START_MS = 60_000;
// The longest that OpenAI and Azure allow: files that a crash leaves behind disappear by themselves.
const EXPIRY = { expires_after: { anchor: 'created_at', seconds: 30 * 24 * 60 * 60 } } as const;

/** The name of an upload, by which it is found again after a crash. */
export function uploadName(key: string): string {
  return `${key}.jsonl`;
}

/** The submission key of an upload; undefined for a file that is not ours. */
export function keyOfUpload(filename: string): string | undefined {
  const key = filename.replace(/\.jsonl$/, '');
  return filename === uploadName(key) && isSubmissionKey(key) ? key : undefined;
}

/** Uploads the requests in the service's dialect. */
async function upload(client: OpenAI, submission: Submission, dialect: Dialect): Promise<Uploaded> {
  const { key, file } = submission;
  const change = dialect.lineChange(submission);
  try {
    if (change === undefined) return await uploadFile(client, key, file.path, dialect);
    // Written to disk first: an upload needs its length beforehand, and may be repeated.
    const path = `${file.path}.changed`;
    try {
      await translateLines(file.path, path, (line) => changedLine(line, change));
      return await uploadFile(client, key, path, dialect);
    } finally {
      await rm(path, { force: true });
    }
  } catch (error) {
    throw classify(error, 'upload');
  }
}

/** An unchanged line keeps its bytes, and with them numbers that JavaScript cannot represent. */
export function changedLine(bytes: Buffer, change: LineChange): Buffer {
  const line = parseRequestLine(bytes);
  const changed = change(line);
  return changed === line ? bytes : Buffer.from(JSON.stringify(changed));
}

async function uploadFile(
  client: OpenAI,
  key: string,
  path: string,
  { fileExpiry }: Dialect,
): Promise<Uploaded> {
  if (fileExpiry === 'never') return createUpload(client, key, path, {});
  try {
    return await createUpload(client, key, path, EXPIRY);
  } catch (error) {
    const refused = classify(error, 'upload');
    if (fileExpiry !== 'if taken' || !isExpiryRefused(refused)) throw refused;
    return createUpload(client, key, path, {});
  }
}

async function createUpload(
  client: OpenAI,
  key: string,
  path: string,
  expiry: Partial<typeof EXPIRY>,
): Promise<Uploaded> {
  const { file, options } = await openUpload(key, path);
  const answer: unknown = await client.files.create({ file, purpose: 'batch', ...expiry }, options);
  return fileSchema.parse(answer);
}

/** A file to be uploaded under the name of its key, and the options of the call. */
export async function openUpload(key: string, path: string) {
  const { size } = await stat(path);
  const timeout = UPLOAD_START_MS + Math.ceil(size / SLOWEST_UPLOAD_BYTES_PER_MS);
  return {
    file: new File([await openAsBlob(path)], uploadName(key)),
    options: {
      maxRetries: UPLOAD_RETRIES,
      timeout,
      signal: AbortSignal.timeout(timeout * (UPLOAD_RETRIES + 1)),
    },
  };
}

function isExpiryRefused({ kind, reason }: ProviderError): boolean {
  return kind === 'permanent' && /expires_after/.test(reason.message);
}
