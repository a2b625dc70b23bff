import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { realClientObjects } from '../shared/aws/clientObjects.ts';
import { sendBatchMessage } from '../shared/aws/queues.ts';
import { type OwnPlace, uploadKey } from '../shared/batch/ids.ts';
import { newBatchId } from '../shared/client/addBatch.ts';
import { fileContent, upload } from '../shared/client/upload.ts';
import {
  type BatchReader,
  isFinished,
  type TrackedBatch,
  viewOf,
  viewWithoutRecord,
} from './batches.ts';
import type { Clients } from './emulators/emulators.ts';

export interface Selection {
  readonly files: readonly string[];
  /** Added if there are no files and no unfinished batches. */
  readonly exampleFile: string;
  readonly additions: Additions;
  readonly reader: BatchReader;
  /** Why messages were refused, by message id. */
  readonly refused: ReadonlyMap<string, string>;
  /** Uploads the file and sends the message. Returns the id of the message. */
  add(addition: Addition): Promise<string>;
  note(text: string): void;
}

/**
 * Adds the files and finds all batches to wait for: the new ones and those that earlier runs left
 * unfinished. A file that has an unfinished batch is not added again.
 */
export async function selectBatches(selection: Selection): Promise<readonly TrackedBatch[]> {
  const { additions, reader, refused } = selection;
  const unfinished = await reader.listUnfinished();
  const open: Addition[] = [];
  for (const addition of additions.all)
    if (await isOpen(addition, reader, refused)) open.push(addition);

  const isIdle = open.length === 0 && unfinished.length === 0;
  const files = selection.files.length === 0 && isIdle ? [selection.exampleFile] : selection.files;
  for (const file of new Set(files)) {
    const earlier = await additions.find(file);
    if (earlier === undefined || !open.includes(earlier)) open.push(await additions.begin(file));
  }

  const tracked: TrackedBatch[] = [];
  for (const addition of open) {
    const messageId = addition.messageId ?? (await sendAddition(selection, addition));
    if (messageId !== undefined) tracked.push({ batchId: addition.batchId, messageId });
  }
  const known = new Set(tracked.map(({ batchId }) => batchId));
  for (const batchId of unfinished)
    if (!known.has(batchId)) tracked.push({ batchId, messageId: undefined });
  return tracked;
}

async function isOpen(
  { batchId, messageId }: Addition,
  reader: BatchReader,
  refused: ReadonlyMap<string, string>,
): Promise<boolean> {
  const batch = await reader.get(batchId);
  return !isFinished(
    batch ? viewOf(batch) : viewWithoutRecord(batchId, refused.get(messageId ?? '')),
  );
}

/** Sends an addition that is new, or that an earlier run was killed before sending. */
async function sendAddition(
  { additions, add, note }: Selection,
  addition: Addition,
): Promise<string | undefined> {
  const { batchId, file } = addition;
  if (!existsSync(file) || (await additions.find(file))?.batchId !== batchId) {
    note(`${batchId} was not added because ${file} has changed or no longer exists`);
    return undefined;
  }
  return additions.markSent(batchId, await add(addition)).messageId;
}

const additionSchema = z.object({
  batchId: z.string(),
  /** The absolute path of the file, and the hash of its content when it was added. */
  file: z.string(),
  sha256: z.string(),
  /** The id of the message that added the batch. Absent until it was sent. */
  messageId: z.string().optional(),
});
export type Addition = z.infer<typeof additionSchema>;

/** The file of each batch, so that the run after a killed one resumes it. */
export interface Additions {
  readonly all: readonly Addition[];
  /** The newest batch of the file with its current content. */
  find(file: string): Promise<Addition | undefined>;
  /** Records a batch before anything is uploaded or sent. */
  begin(file: string): Promise<Addition>;
  /** Records that the message was sent. */
  markSent(batchId: string, messageId: string): Addition;
}

/** @param path the file of the additions. It is created when needed */
export function openAdditions(path: string): Additions {
  let all: Addition[] = existsSync(path)
    ? z.array(additionSchema).parse(JSON.parse(readFileSync(path, 'utf8')))
    : [];
  const save = (): void => {
    mkdirSync(dirname(path), { recursive: true });
    // The rename is atomic, so that a kill leaves the old list or the new one.
    writeFileSync(`${path}.new`, `${JSON.stringify(all, undefined, 2)}\n`);
    renameSync(`${path}.new`, path);
  };
  return {
    get all() {
      return all;
    },
    async find(file) {
      const now = await identify(file);
      return all.findLast((each) => each.file === now.file && each.sha256 === now.sha256);
    },
    async begin(file) {
      const addition = { batchId: newBatchId(file), ...(await identify(file)) };
      all = [...all, addition];
      save();
      return addition;
    },
    markSent(batchId, messageId) {
      const found = all.find((addition) => addition.batchId === batchId);
      if (found === undefined) throw new Error(`${batchId} is not among the additions`);
      const addition = { ...found, messageId };
      all = all.map((each) => (each === found ? addition : each));
      save();
      return addition;
    },
  };
}

async function identify(file: string): Promise<Pick<Addition, 'file' | 'sha256'>> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file: resolve(file), sha256: hash.digest('hex') };
}

/**
 * Adds a batch as any user of the stack would: puts the file into the bucket and a message into the
 * queue.
 *
 * @returns the id of the message
 */
export async function addBatch(
  { s3, sqs }: Pick<Clients, 's3' | 'sqs'>,
  { queueUrl, ...place }: OwnPlace & { readonly queueUrl: string },
  { batchId, file }: { readonly batchId: string; readonly file: string },
): Promise<string> {
  const objects = realClientObjects(s3, place);
  await upload(objects, uploadKey(batchId), await fileContent(file));
  return sendBatchMessage(sqs, queueUrl, { batchId });
}

/** The size of the largest file, in bytes. Files that do not exist are ignored. */
export function largestFileBytes(files: readonly string[]): number {
  const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return Math.max(0, ...sizes);
}
