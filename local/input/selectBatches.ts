import { existsSync } from 'node:fs';
import type { BatchReader } from '../batches/batchReader.ts';
import { isOver, unrecorded, viewOf } from '../batches/view.ts';
import type { Tracked } from '../batches/watch.ts';
import type { Addition, Additions } from './additions.ts';

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
