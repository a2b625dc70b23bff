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
import { sendBatchMessage } from '../shared/aws/queues.ts';
import { uploadKey } from '../shared/batch/ids.ts';
import { fileContent, newBatchId, upload } from '../shared/client/addBatch.ts';
import { type BatchReader, isOver, type Tracked, unrecorded, viewOf } from './batches.ts';
import type { Clients } from './emulators/emulators.ts';

export interface Selection {
  readonly files: readonly string[];
  /** Added when there is nothing else to do. */
  readonly exampleFile: string;
  readonly additions: Additions;
  readonly reader: BatchReader;
  /** Why messages were refused, by message id. */
  readonly refused: ReadonlyMap<string, string>;
  /** Uploads the file, sends the message and gives the message's id. */
  add(addition: Addition): Promise<string>;
  note(text: string): void;
}

/**
 * Adds the files and finds everything that the run has to wait for: the new batches and those
 * that earlier runs have left unfinished. A file whose batch is unfinished goes on with that.
 */
export async function selectBatches(selection: Selection): Promise<readonly Tracked[]> {
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

  const tracked: Tracked[] = [];
  for (const addition of open) {
    const messageId = addition.messageId ?? (await send(selection, addition));
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
  return !isOver(batch ? viewOf(batch) : unrecorded(batchId, refused.get(messageId ?? '')));
}

/** Sends what is new, and what an earlier run began and was killed before it had sent. */
async function send(
  { additions, add, note }: Selection,
  addition: Addition,
): Promise<string | undefined> {
  const { batchId, file } = addition;
  if (!existsSync(file) || (await additions.find(file))?.batchId !== batchId) {
    note(`${batchId} was not added: ${file} has changed or is gone`);
    return undefined;
  }
  return additions.sent(batchId, await add(addition)).messageId;
}

const additionSchema = z.object({
  batchId: z.string(),
  /** Absolute path of the file, and its content as it was. */
  file: z.string(),
  sha256: z.string(),
  /** Of the message that added it; absent until that was sent. */
  messageId: z.string().optional(),
});
export type Addition = z.infer<typeof additionSchema>;

/** Which file every batch came from, so that a run that was killed goes on with it. */
export interface Additions {
  readonly all: readonly Addition[];
  /** The newest batch of the file as it is now, if there is one. */
  find(file: string): Promise<Addition | undefined>;
  /** Notes the intent before anything is uploaded or sent. */
  begin(file: string): Promise<Addition>;
  /** Notes that the message is out. */
  sent(batchId: string, messageId: string): Addition;
}

/** @param path the file in which additions are kept; it may not exist yet */
export function openAdditions(path: string): Additions {
  let all: Addition[] = existsSync(path)
    ? z.array(additionSchema).parse(JSON.parse(readFileSync(path, 'utf8')))
    : [];
  const save = (): void => {
    mkdirSync(dirname(path), { recursive: true });
    // Beside and then over: a kill in between leaves the old list, never half of the new.
    writeFileSync(`${path}.new`, `${JSON.stringify(all, undefined, 2)}\n`);
    renameSync(`${path}.new`, path);
  };
  return {
    get all() {
      return all;
    },
    async find(file) {
      const now = await describe(file);
      return all.findLast((each) => each.file === now.file && each.sha256 === now.sha256);
    },
    async begin(file) {
      const addition = { batchId: newBatchId(file), ...(await describe(file)) };
      all = [...all, addition];
      save();
      return addition;
    },
    sent(batchId, messageId) {
      const found = all.find((addition) => addition.batchId === batchId);
      if (found === undefined) throw new Error(`${batchId} was not begun`);
      const addition = { ...found, messageId };
      all = all.map((each) => (each === found ? addition : each));
      save();
      return addition;
    },
  };
}

async function describe(file: string): Promise<Pick<Addition, 'file' | 'sha256'>> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file: resolve(file), sha256: hash.digest('hex') };
}

/**
 * Adds a batch as any user of the stack would: the file into the bucket, a message into the queue.
 *
 * @returns the id of the message
 */
export async function addBatch(
  { s3, sqs }: Pick<Clients, 's3' | 'sqs'>,
  { bucket, queueUrl }: { readonly bucket: string; readonly queueUrl: string },
  { batchId, file }: { readonly batchId: string; readonly file: string },
): Promise<string> {
  await upload(s3, { bucket, key: uploadKey(batchId) }, await fileContent(file));
  return sendBatchMessage(sqs, queueUrl, { batchId });
}

/** The size of the largest of the files in bytes; files that are gone do not count. */
export function largestFileBytes(files: readonly string[]): number {
  const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return Math.max(0, ...sizes);
}
