import { createHash } from 'node:crypto';
import pMap from 'p-map';
import { type Reason, RefusedError, refusal } from '../../batch/errors.ts';
import { fileKey, newApiId, ownObject, uploadPartKey } from '../../batch/ids.ts';
import type { AssembleMessage } from '../../batch/messages.ts';
import type { ObjectWriter } from '../../batch/ports.ts';
import { completed, refused, type UploadIn } from '../../batch/upload.ts';
import type { Dependencies } from '../dependencies.ts';
import { removeObjects } from '../removeObjects.ts';
import { untilDeadline } from './task.ts';

export type AssemblePorts = Pick<Dependencies, 'objects' | 'uploads' | 'clock' | 'chance' | 'log'>;
type Assembling = UploadIn<'assembling'>;

/**
 * Puts the parts of an upload together. Each worker writes a file of its own, and the first to write the
 * upload's record names the file that counts: a message that comes twice or late changes nothing, and no
 * worker overwrites a file that a batch may already be made of. The files of the others are removed, and
 * the parts once they are a file. Parts that no completion has named expire by the rules of the bucket.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function assemble(
  ports: AssemblePorts,
  { uploadId }: AssembleMessage,
  deadline: number,
): Promise<void> {
  const { uploads, clock, chance, log } = ports;
  const upload = await uploads.get(uploadId);
  // The worker that put it together may have died before it had removed the parts.
  if (upload?.status === 'completed') await removeParts(ports, upload);
  if (upload?.status !== 'assembling') {
    const why = upload ? `it is ${upload.status}` : 'there is no such upload';
    return log.info('upload not assembled', { uploadId, why });
  }
  const startedAt = clock.now();
  const fileId = newApiId('file', chance.randomInt);
  const reason = await join(ports, upload, { key: fileKey(fileId), deadline });
  const ended = reason ? refused(upload, reason) : completed(upload, fileId, clock.now());
  const written = await uploads.replace(ended);
  if (written === 'conflict') await removeObjects(ports, [fileKey(fileId)], { uploadId });
  else if (ended.status === 'completed') await removeParts(ports, ended);
  const { bytes, completion } = upload;
  log.info(written === 'written' ? 'upload assembled' : 'upload was assembled by another worker', {
    ...{ uploadId, status: ended.status, bytes, parts: completion.partIds.length },
    ...(reason && { code: reason.code }),
    seconds: (clock.now() - startedAt) / 1000,
  });
}

async function removeParts(
  ports: AssemblePorts,
  { uploadId, completion }: UploadIn<'completed'>,
): Promise<void> {
  const keys = completion.partIds.map((partId) => uploadPartKey(uploadId, partId));
  await removeObjects(ports, keys, { uploadId });
}

/** @returns why the parts are not the file; undefined once it is written */
async function join(
  ports: AssemblePorts,
  upload: Assembling,
  target: { readonly key: string; readonly deadline: number },
): Promise<Reason | undefined> {
  try {
    const parts = await checkParts(ports, upload);
    await writeFile(ports, upload, { ...target, parts });
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.reason;
    throw error;
  }
}

/** A part as it is in the bucket. */
interface StoredPart {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

/** Calls at a time: an upload may have 5,000 parts. */
const CONCURRENT_HEADS = 20;

/**
 * Whether all parts are there and have the size of the file together, before any byte is moved.
 *
 * @returns them in the order of the file
 * @throws RefusedError
 */
async function checkParts(
  { objects }: AssemblePorts,
  { uploadId, bytes, completion }: Assembling,
): Promise<readonly StoredPart[]> {
  const heads = await pMap(
    completion.partIds,
    async (partId) => {
      const key = uploadPartKey(uploadId, partId);
      return { partId, key, head: await objects.head(ownObject(objects, key)) };
    },
    { concurrency: CONCURRENT_HEADS },
  );
  const parts = heads.map(({ partId, key, head }) => {
    if (head) return { key, ...head };
    throw refusal(
      'upload_part_not_found',
      `upload ${uploadId} has no part ${partId}: add the part to this upload, and complete it with the id that is returned`,
    );
  });
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (total === bytes) return parts;
  throw refusal(
    'upload_size_mismatch',
    `the parts have ${total} bytes together, and the upload was created for ${bytes}: complete it with all of its parts, each once, or create an upload of ${total} bytes`,
  );
}

interface Target {
  readonly key: string;
  readonly parts: readonly StoredPart[];
  readonly deadline: number;
}

/** @throws RefusedError if the file has another checksum than it should have */
async function writeFile(
  ports: AssemblePorts,
  { completion: { md5 } }: Assembling,
  { key, parts, deadline }: Target,
): Promise<void> {
  const writer = ports.objects.writer(key);
  try {
    // A checksum needs the bytes in any case.
    if (md5 === undefined && writer.append)
      for await (const part of untilDeadline(ports, oneByOne(parts), deadline))
        await writer.append(part);
    else await writeBytes(ports, writer, { md5, parts, deadline });
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function writeBytes(
  ports: AssemblePorts,
  writer: ObjectWriter,
  { md5, parts, deadline }: Omit<Target, 'key'> & { readonly md5: string | undefined },
): Promise<void> {
  const hash = createHash('md5');
  const chunks = chunksOf(ports.objects, parts);
  for await (const chunk of untilDeadline(ports, chunks, deadline)) {
    if (md5 !== undefined) hash.update(chunk);
    await writer.write(chunk);
  }
  const found = md5 === undefined ? undefined : hash.digest('hex');
  if (found !== md5)
    throw refusal(
      'upload_checksum_mismatch',
      `the file has the MD5 ${found}, and should have ${md5}: check the parts and their order`,
    );
}

async function* oneByOne(parts: readonly StoredPart[]): AsyncGenerator<StoredPart> {
  yield* parts;
}

async function* chunksOf(
  objects: AssemblePorts['objects'],
  parts: readonly StoredPart[],
): AsyncGenerator<Uint8Array> {
  for (const { key } of parts) yield* objects.read(key);
}
