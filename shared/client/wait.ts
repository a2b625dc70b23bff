import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import type { AddedBatch } from './addBatch.ts';
import { ClientError } from './clientError.ts';
import { checkRefusal, type SentCommand, type SentMessage } from './commands.ts';
import type { HandlerConnection } from './connection.ts';

export interface WaitOptions<T = Batch> {
  /** Seconds between two reads of the record. Default 3 */
  readonly pollSeconds?: number | undefined;
  /** How long to wait. Default: without limit. */
  readonly timeoutSeconds?: number | undefined;
  /** Stops waiting. The batch is not affected. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the state of the batch at every read. */
  readonly onPoll?: ((batch: T) => void) | undefined;
}

const DEFAULT_POLL_SECONDS = 3;

/**
 * Waits until a batch has ended.
 *
 * @param batch the id, or the result of `addBatch`, which the handler may still refuse
 * @throws ClientError `unknown_batch`, `refused` or `timeout`; the reason of the signal
 */
export function waitForEnd(
  connection: HandlerConnection,
  batch: string | AddedBatch,
  options: WaitOptions = {},
): Promise<Batch> {
  const { batchId, messageId }: AddedBatch = typeof batch === 'string' ? { batchId: batch } : batch;
  const sent = messageId === undefined ? undefined : { batchId, messageId };
  const isReached = ({ status }: Batch): boolean => isEnded(status);
  return waitUntil(connection, { batchId, sent, isReached, isAccepted: () => true }, options);
}

/**
 * Waits until the record shows that a command was carried out, or that its batch has ended before a
 * cancel arrived.
 *
 * @throws ClientError `refused` or `timeout`; the reason of the signal
 */
export function waitForCommand(
  connection: HandlerConnection,
  sent: SentCommand,
  options: WaitOptions = {},
): Promise<Batch> {
  const { batchId, messageId, action } = sent;
  const isReached = ({ commands, status }: Batch): boolean =>
    commands.includes(messageId) || (action === 'cancel' && isEnded(status));
  return waitUntil(connection, { batchId, sent, isReached, isAccepted: isReached }, options);
}

interface Awaited {
  readonly batchId: string;
  /** The message that may still be refused. */
  readonly sent: SentMessage | undefined;
  isReached(batch: Batch): boolean;
  /** Whether the record shows that the message was accepted. */
  isAccepted(batch: Batch): boolean;
}

async function waitUntil(
  connection: HandlerConnection,
  { batchId, sent, isReached, isAccepted }: Awaited,
  { pollSeconds = DEFAULT_POLL_SECONDS, timeoutSeconds, signal, onPoll }: WaitOptions,
): Promise<Batch> {
  const startedAt = Date.now();
  while (true) {
    signal?.throwIfAborted();
    const batch = await connection.batches.get(batchId);
    if (batch !== undefined) {
      // The client's own describes the batch first, which takes reads.
      await onPoll?.(batch);
      if (isReached(batch)) return batch;
    } else if (sent === undefined)
      throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
    if (sent !== undefined && (batch === undefined || !isAccepted(batch)))
      await checkRefusal(connection, sent);
    if (timeoutSeconds !== undefined && Date.now() - startedAt >= timeoutSeconds * 1000) {
      const state = batch ? stateText(batch) : 'has not been added';
      throw new ClientError('timeout', `batch ${batchId} ${state} after ${timeoutSeconds} seconds`);
    }
    // An abort only ends the sleep; its reason is thrown at the start of the loop.
    await sleep(pollSeconds * 1000, undefined, { signal }).catch(() => {});
  }
}

function stateText({ status, cancelRequested }: Batch): string {
  return cancelRequested && !isEnded(status) ? `is being cancelled (${status})` : `is ${status}`;
}
