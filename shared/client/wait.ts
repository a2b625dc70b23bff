import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { checkRefusal, type Sent, type SentCommand } from './commands.ts';
import { ClientError, type HandlerConnection } from './connection.ts';

export interface WaitOptions<T = Batch> {
  /** Between two looks at the table. Default 3 */
  readonly pollSeconds?: number | undefined;
  /** Default: none. */
  readonly timeoutSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is told how the batch stands at every look. */
  readonly onLook?: ((batch: T) => void) | undefined;
}

const DEFAULT_POLL_SECONDS = 3;

/**
 * Waits until a batch has ended.
 *
 * @param batch its id; or what `addBatch` gave, which need not have been taken in yet
 * @throws ClientError if it is refused or unknown, or does not end in time; the signal's reason
 */
export function waitForEnd(
  connection: HandlerConnection,
  batch: string | Sent,
  options: WaitOptions = {},
): Promise<Batch> {
  const sent = typeof batch === 'string' ? undefined : batch;
  const batchId = typeof batch === 'string' ? batch : batch.batchId;
  const isReached = ({ status }: Batch): boolean => isEnded(status);
  return waitUntil(connection, { batchId, sent, isReached, isTakenIn: () => true }, options);
}

/**
 * Waits until the record shows that a command was carried out, or has become pointless.
 *
 * @throws ClientError if it is refused or not carried out in time; the signal's reason
 */
export function waitForCommand(
  connection: HandlerConnection,
  sent: SentCommand,
  options: WaitOptions = {},
): Promise<Batch> {
  const { batchId, messageId, action } = sent;
  const isReached = ({ commands, status }: Batch): boolean =>
    commands.includes(messageId) || (action === 'cancel' && isEnded(status));
  return waitUntil(connection, { batchId, sent, isReached, isTakenIn: isReached }, options);
}

interface Awaited {
  readonly batchId: string;
  /** The message that may yet be refused. */
  readonly sent: Sent | undefined;
  isReached(batch: Batch): boolean;
  /** Whether the record shows that the message was accepted. */
  isTakenIn(batch: Batch): boolean;
}

async function waitUntil(
  connection: HandlerConnection,
  { batchId, sent, isReached, isTakenIn }: Awaited,
  { pollSeconds = DEFAULT_POLL_SECONDS, timeoutSeconds, signal, onLook }: WaitOptions,
): Promise<Batch> {
  const startedAt = Date.now();
  while (true) {
    signal?.throwIfAborted();
    const batch = await connection.batches.get(batchId);
    if (batch !== undefined) {
      onLook?.(batch);
      if (isReached(batch)) return batch;
    } else if (sent === undefined)
      throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
    if (sent !== undefined && (batch === undefined || !isTakenIn(batch)))
      await checkRefusal(connection, sent);
    if (timeoutSeconds !== undefined && Date.now() - startedAt >= timeoutSeconds * 1000) {
      const state = batch ? `is ${batch.status}` : 'has not been taken in';
      throw new ClientError('timeout', `batch ${batchId} ${state} after ${timeoutSeconds} seconds`);
    }
    // Woken by the signal, it is thrown above.
    await sleep(pollSeconds * 1000, undefined, { signal }).catch(() => {});
  }
}
