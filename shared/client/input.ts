import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { ClientObjects } from '../batch/clientPorts.ts';
import { parseS3Url } from '../batch/messages.ts';
import {
  type Fingerprint,
  fileFingerprint,
  fingerprintOf,
  spool,
  unquoted,
} from './fingerprint.ts';
import { type Content, checkFile, fileContent, requestsContent } from './upload.ts';

/** The requests of a batch: either `file` or `requests`. */
export interface RequestSource {
  /** Path of a local JSONL file, or an `s3://bucket/key` URL in a bucket that the handler may read. */
  readonly file?: string | undefined;
  /** The requests themselves, each in the format of a line of a batch file. */
  readonly requests?: AsyncIterable<object> | Iterable<object> | undefined;
}

/** Where the requests come from. */
export interface Input {
  /** The name that a batch gets without an id. */
  readonly name: string;
  /** Reads the content; undefined if it cannot be read here. */
  fingerprint(): Promise<Fingerprint | undefined>;
  /** Changes when somebody writes to the file. Absent if nobody else can. */
  version?(): Promise<string>;
  /** What is uploaded. Absent if it is in S3. */
  content?(): Promise<Content>;
  close(): Promise<void>;
}

/** @throws ClientError `invalid_input` if the file is not JSONL */
export async function openInput(
  objects: Pick<ClientObjects, 'head'>,
  { file, requests }: RequestSource,
  batchId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Input> {
  if (file?.startsWith('s3://')) return objectInput(objects, file);
  if (file !== undefined) {
    await checkFile(file);
    return fileInput(file);
  }
  const content = requestsContent(requests ?? []);
  // The id of the content has to be known before its upload, and it can be read only once.
  if (batchId === undefined) {
    const { path, remove } = await spool(content.stream, 'batch.jsonl', signal);
    return { ...fileInput(path), close: remove };
  }
  return {
    name: batchId,
    fingerprint: () => fingerprintOf(content.stream),
    content: async () => content,
    close: async () => void content.stream.destroy(),
  };
}

function fileInput(path: string): Input {
  let found: Promise<Fingerprint> | undefined;
  return {
    name: path,
    fingerprint: () => {
      found ??= fileFingerprint(path);
      return found;
    },
    version: () => fileVersion(path),
    content: () => fileContent(path),
    close: async () => {},
  };
}

async function fileVersion(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return [ino, size, mtimeNs].join(' ');
}

/** The content of an object in S3 is known by its ETag, if the caller may read that. */
function objectInput(objects: Pick<ClientObjects, 'head'>, url: string): Input {
  return {
    name: url,
    async fingerprint() {
      const head = await objects.head(parseS3Url(url)).catch(() => undefined);
      if (head === undefined) return undefined;
      const etag = unquoted(head.etag);
      return { hash: createHash('md5').update(`${url} ${etag}`).digest('hex'), etags: [etag] };
    },
    close: async () => {},
  };
}
