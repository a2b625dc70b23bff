import { openAsBlob } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import type OpenAI from 'openai';
import type { ProviderError } from '../../batch/errors.ts';
import { isSubmissionKey } from '../../batch/ids.ts';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { translateLines } from '../../jsonl/scratch.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { DISCARD_DEADLINE_MS, SLOWEST_UPLOAD_BYTES_PER_MS } from '../http.ts';
import type { Submission } from '../provider.ts';
import { type Dialect, fileSchema, type LineChange, wireBatchSchema } from './api.ts';
import type { OpenAiJobOptions } from './description.ts';
import { classify } from './errors.ts';

/** The key of a job's metadata that holds its submission key. */
export const KEY_METADATA = 'batch_handler_key';

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
    submission.options as OpenAiJobOptions;
  const endpoint = dialect.jobEndpoint(submission.endpoint);
  const job = {
    input_file_id: fileId,
    // The SDK lists the endpoints of its release. OpenAI decides about newer ones.
    endpoint: endpoint as OpenAI.BatchCreateParams['endpoint'],
    completion_window: submission.completionWindow as '24h',
    metadata: { [KEY_METADATA]: submission.key, batch_id: submission.batchId },
    output_expires_after:
      seconds === undefined ? undefined : { anchor: 'created_at' as const, seconds },
  };
  const answer: unknown = await client.batches.create(
    omitUndefined(job),
    // An SDK that repeats a create call whose reply was lost makes a second paid job.
    { maxRetries: 0, signal: AbortSignal.timeout(Math.ceil(submission.createDeadlineMs)) },
  );
  return wireBatchSchema.pick({ id: true }).parse(answer).id;
}

/** Best effort: the file expires by itself, and the caller throws the refusal. */
async function discard(client: OpenAI, fileId: string): Promise<void> {
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

/** Uploads the requests in the service's dialect. Returns the file's id. */
async function upload(client: OpenAI, submission: Submission, dialect: Dialect): Promise<string> {
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
function changedLine(bytes: Buffer, change: LineChange): Buffer {
  const line = parseRequestLine(bytes);
  const changed = change(line);
  return changed === line ? bytes : Buffer.from(JSON.stringify(changed));
}

async function uploadFile(
  client: OpenAI,
  key: string,
  path: string,
  { isTolerant }: Dialect,
): Promise<string> {
  try {
    return await createUpload(client, key, path, EXPIRY);
  } catch (error) {
    const refused = classify(error, 'upload');
    if (!isTolerant || !isExpiryRefused(refused)) throw refused;
    return createUpload(client, key, path, {});
  }
}

async function createUpload(
  client: OpenAI,
  key: string,
  path: string,
  expiry: Partial<typeof EXPIRY>,
): Promise<string> {
  const { size } = await stat(path);
  const timeout = UPLOAD_START_MS + Math.ceil(size / SLOWEST_UPLOAD_BYTES_PER_MS);
  const file = new File([await openAsBlob(path)], uploadName(key));
  const answer: unknown = await client.files.create(
    { file, purpose: 'batch', ...expiry },
    {
      maxRetries: UPLOAD_RETRIES,
      timeout,
      signal: AbortSignal.timeout(timeout * (UPLOAD_RETRIES + 1)),
    },
  );
  return fileSchema.parse(answer).id;
}

function isExpiryRefused({ kind, reason }: ProviderError): boolean {
  return kind === 'permanent' && /expires_after/.test(reason.message);
}
