import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import type OpenAI from 'openai';
import type { ProviderError } from '../../batch/errors.ts';
import type { Submission } from '../provider.ts';
import { changedFile, type LocalFile } from './changedFile.ts';
import { classify } from './classify.ts';
import type { Dialect } from './dialect.ts';
import { fileSchema } from './wire.ts';

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
    return await create(client, key, path, EXPIRY);
  } catch (error) {
    const refused = classify(error, 'upload');
    if (!isTolerant || !isExpiryRefused(refused)) throw refused;
    return create(client, key, path, {});
  }
}

async function create(
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
