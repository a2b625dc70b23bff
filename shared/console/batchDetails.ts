import { NewerSchemaError, UnreadableRecordError } from '../batch/errors.ts';
import { isPartId } from '../batch/newRecord.ts';
import { isEnded } from '../batch/status.ts';
import type { BatchInfo } from '../client/batchInfo.ts';
import type { BatchHandlerClient } from '../client/client.ts';
import { ClientError } from '../client/clientError.ts';
import type { UnreadableBatch } from '../client/commands.ts';
import type { BatchLog } from '../operations/batchLogs.ts';
import { type BatchRow, batchRow } from './batchRow.ts';

/** A command for the terminal. */
export interface TerminalCommand {
  /** What it does. */
  readonly what: string;
  /** As it can be pasted. */
  readonly text: string;
}

/** A part, as far as a strip shows it. */
export type PartRow = Pick<
  BatchRow,
  'batchId' | 'status' | 'counts' | 'finished' | 'why' | 'failed'
>;

/** All that the page has of one batch. */
export type BatchDetails =
  | {
      readonly kind: 'batch';
      readonly batch: BatchInfo;
      /** The same as a line of the table has it. */
      readonly row: BatchRow;
      /** In their order. Empty unless the batch was split. */
      readonly parts: readonly PartRow[];
      readonly commands: readonly TerminalCommand[];
      readonly logs: readonly BatchLog[];
    }
  | {
      /** Its record cannot be read, and nothing happens to it. */
      readonly kind: 'unreadable';
      readonly batch: UnreadableBatch;
      readonly commands: readonly TerminalCommand[];
    };

type Client = Pick<BatchHandlerClient, 'getBatch' | 'getParts' | 'readUnreadable'>;

/** A batch as it is read: it may be there, and not be readable. */
type ReadBatch = BatchInfo | { readonly unreadable: UnreadableBatch };

/**
 * Reads a batch, or what can be told of one whose record cannot be read.
 *
 * @throws ClientError `unknown_batch`
 */
export async function readBatch(client: Client, batchId: string): Promise<ReadBatch> {
  const found = await client.getBatch(batchId).catch(async (error: unknown) => {
    const isOfRecord = error instanceof UnreadableRecordError || error instanceof NewerSchemaError;
    if (!isOfRecord) throw error;
    return { unreadable: await client.readUnreadable(batchId) };
  });
  if (found === undefined) throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
  return found;
}

/** The parts of a batch that was split: a bounded number, since its record names them all. */
export async function readParts(
  client: Client,
  { batchId, partCount }: Pick<BatchInfo, 'batchId' | 'partCount'>,
): Promise<readonly BatchInfo[]> {
  return partCount === undefined ? [] : client.getParts(batchId);
}

export function partRow(part: BatchInfo): PartRow {
  const { batchId, status, counts, finished, why, failed } = batchRow(part);
  return { batchId, status, counts, finished, why, failed };
}

/** The commands that show a batch, or do something with it, as far as its status allows. */
export function commandsOf(batch: BatchInfo): readonly TerminalCommand[] {
  const { batchId, status, results, errors, inputErrors, cancelRequested, counts } = batch;
  const isOpen = !isEnded(status);
  const isPart = isPartId(batchId);
  const command = (isPossible: boolean, what: string, text: string) =>
    isPossible ? [{ what, text: `batch-handler ${text}` }] : [];
  const isWhole = counts.total > 0 && counts.succeeded === counts.total;
  const hasErrors = inputErrors !== undefined || (errors !== undefined && !isWhole);
  const file = `${batchId.replaceAll('/', '-')}.html`;
  return [
    ...command(true, 'Show it in the terminal', `show ${batchId}`),
    ...command(true, 'Save it as one file', `show ${batchId} --html > ${file}`),
    ...command(isOpen && !isPart, 'Wait for its end', `watch ${batchId}`),
    ...command(results !== undefined, 'Write its results', `results ${batchId}`),
    ...command(hasErrors, 'Write what failed', `results ${batchId} --errors`),
    ...command(isOpen && !isPart && !cancelRequested, 'Cancel it', `cancel ${batchId}`),
    ...command(
      !isOpen && !isPart && results !== undefined && !isWhole,
      'Run again what did not succeed',
      `retry ${batchId}`,
    ),
    ...command(
      !isOpen && !isPart && results !== undefined,
      'Deliver it again',
      `redeliver ${batchId}`,
    ),
  ];
}
