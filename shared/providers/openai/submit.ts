import { createReadStream, openAsBlob } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type OpenAI from 'openai';
import { ProviderError } from '../../batch/errors.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import type { Submission } from '../provider.ts';
import { fileSchema, wireBatchSchema } from './api.ts';
import type { OpenAiJobOptions } from './description.ts';
import type { Dialect, LineChange, RequestLine } from './dialect.ts';
import { classify } from './errors.ts';

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
    submission.options as OpenAiJobOptions;
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
  return wireBatchSchema.pick({ id: true }).parse(answer).id;
}

/** Best effort: the file expires by itself, and the refusal is what matters. */
async function discard(client: OpenAI, fileId: string): Promise<void> {
  const signal = AbortSignal.timeout(DELETE_DEADLINE_MS);
  await client.files.delete(fileId, { maxRetries: 1, signal }).catch(() => undefined);
}

const UPLOAD_RETRIES = 2;
/** A line slower than this is taken as stuck. */
const SLOWEST_UPLOAD_BYTES_PER_MS = 1_000;
const UPLOAD_START_MS = 60_000;
// The longest OpenAI and Azure allow: what a crash leaves behind disappears by itself.
const EXPIRY = { expires_after: { anchor: 'created_at', seconds: 30 * 24 * 60 * 60 } } as const;

/** By which an upload that a crash left behind is found again. */
export function uploadName(key: string): string {
  return `${key}.jsonl`;
}

/** The submission key of an upload; undefined for a file of somebody else. */
export function keyOfUpload(filename: string): string | undefined {
  return /^(bh[a-z0-9]{16}-[1-9][0-9]*)\.jsonl$/.exec(filename)?.[1];
}

/** Uploads the requests as the service wants them, and gives the file's id. */
export async function upload(
  client: OpenAI,
  submission: Submission,
  dialect: Dialect,
): Promise<string> {
  try {
    const file = await fileToSend(submission, dialect);
    try {
      return await send(client, submission.key, file.path, dialect);
    } finally {
      await file.remove();
    }
  } catch (error) {
    throw classify(error, 'upload');
  }
}

async function fileToSend(submission: Submission, dialect: Dialect): Promise<LocalFile> {
  const { path } = submission.file;
  const change = dialect.lineChange(submission);
  return change ? changedFile(path, change) : { path, remove: async () => {} };
}

async function send(
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

/** A file to be uploaded. */
export interface LocalFile {
  readonly path: string;
  /** Deletes what was made for the upload alone. */
  remove(): Promise<void>;
}

/**
 * Writes the lines beside the original as they are to be sent: an upload needs its length
 * beforehand, and may be repeated. Memory holds the lines of one chunk.
 */
export async function changedFile(original: string, change: LineChange): Promise<LocalFile> {
  const path = `${original}.changed`;
  const remove = () => rm(path, { force: true });
  // Opened here: a stream that opens it may do so after it has failed, and after the removal.
  const file = await open(path, 'w');
  try {
    const groups = lineGroups(createReadStream(original));
    await pipeline(changed(groups, change), file.createWriteStream());
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, remove };
}

async function* changed(
  groups: AsyncIterable<readonly { readonly bytes: Buffer }[]>,
  change: LineChange,
): AsyncGenerator<Buffer> {
  for await (const group of groups) {
    const parts = group.flatMap(({ bytes }) => [changedLine(bytes, change), LINE_END]);
    yield Buffer.concat(parts);
  }
}

const LINE_END = Buffer.from('\n');

/** A line that stays as it is keeps its bytes, and with them numbers beyond what JavaScript has. */
function changedLine(bytes: Buffer, change: LineChange): Buffer {
  const line = parse(bytes);
  const sent = change(line);
  return sent === line ? bytes : Buffer.from(JSON.stringify(sent));
}

function parse(bytes: Buffer): RequestLine {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // The parser's own message would quote the request. It was parsed when it was inspected.
    const message = 'OpenAI, upload: a line of the scratch file is not JSON';
    throw new ProviderError('transient', { code: 'scratch_file_broken', message });
  }
}
