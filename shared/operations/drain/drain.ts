import { setTimeout as wait } from 'node:timers/promises';
import { sendBatchMessage } from '../../aws/batchMessages.ts';
import { isPaused } from '../../batch/pauses.ts';
import type { Connection } from '../../client/connection.ts';
import { commandProvider } from '../../client/providerCommand.ts';
import { isNothing, type Outstanding, outstandingOf } from './outstanding.ts';

/** How far the drain is. */
export interface DrainProgress extends Outstanding {
  /** Batches that it has asked to end. */
  readonly cancelled: number;
  readonly isOver: boolean;
}

export interface DrainOptions {
  readonly signal?: AbortSignal;
  /** Between two looks. */
  readonly pauseMs?: number;
}

/** SQS counts from many machines: so many looks in a row must find nothing. */
const QUIET_LOOKS = 2;
/** After so many looks a batch is asked again: its message may have been refused. */
const ASK_AGAIN = 30;

/**
 * Brings a handler to rest before it is removed: pauses its providers, cancels what is open, and
 * tells what is outstanding until that is nothing. What exists of a batch is collected first, and
 * its job is cancelled at the provider. It can be broken off and begun again at any time.
 */
export async function* drain(
  connection: Connection,
  { signal, pauseMs = 2_000 }: DrainOptions = {},
): AsyncGenerator<DrainProgress> {
  const { sqs, handler } = connection;
  await pauseAll(connection, signal);
  const asked = new Map<string, number>();
  const cancelled = new Set<string>();
  let quiet = 0;
  for (let look = 0; quiet < QUIET_LOOKS; look++) {
    if (look > 0) await wait(pauseMs, undefined, { signal });
    const outstanding = await outstandingOf(connection, async ({ batchId, cancelRequested }) => {
      const last = asked.get(batchId);
      if (cancelRequested || (last !== undefined && look - last < ASK_AGAIN)) return;
      await sendBatchMessage(sqs, handler.resources.batchQueue, { action: 'cancel', batchId });
      asked.set(batchId, look);
      cancelled.add(batchId);
    });
    quiet = isNothing(outstanding) ? quiet + 1 : 0;
    yield { ...outstanding, cancelled: cancelled.size, isOver: quiet >= QUIET_LOOKS };
  }
}

async function pauseAll(connection: Connection, signal: AbortSignal | undefined): Promise<void> {
  const { handler, providerStates } = connection;
  for (const provider of handler.providers) {
    if (isPaused(await providerStates.get(provider))) continue;
    const reason = 'drained before its removal';
    await commandProvider(connection, 'pause', provider, { reason, signal });
  }
}
