import { setTimeout as wait } from 'node:timers/promises';
import { type BatchView, isFinished, type TrackedBatch } from './batches.ts';
import type { Display } from './display.ts';
import type { Session } from './session.ts';

const KEEP_POLL_MS = 1_000;
/** A stack that runs for days forgets the batches that ended first. */
const MAX_ENDED = 200;

interface KeepOptions {
  readonly session: Pick<Session, 'reader' | 'refusals' | 'views'>;
  readonly tracked: readonly TrackedBatch[];
  readonly display: Display;
  readonly interrupted: AbortSignal;
  /** Resolves with the reason when a process of the stack has ended. */
  readonly broken: Promise<string>;
  /** Called with the batches that are open or have just ended. */
  onViews(views: readonly BatchView[]): void;
  readonly pollMs?: number;
}

/** Shows all batches and refused messages of the stack until the run is interrupted. */
export async function keepRunning(options: KeepOptions): Promise<void> {
  const { session, display, interrupted, broken, pollMs = KEEP_POLL_MS } = options;
  const refused = new Set((await session.refusals()).keys());
  const showForever = async (): Promise<never> => {
    let all = options.tracked;
    let ended = new Map<string, BatchView>();
    while (true) {
      const open = new Set(await session.reader.listUnfinished());
      const known = new Set(all.map(({ batchId }) => batchId));
      const fresh = [...open].filter((id) => !known.has(id));
      all = [...all, ...fresh.map((batchId) => ({ batchId, messageId: undefined }))];

      // A batch that has ended is read again only if it was retried.
      const asked = all.filter(({ batchId }) => open.has(batchId) || !ended.has(batchId));
      const views = await session.views(asked);
      for (const view of views) {
        ended.delete(view.batchId);
        if (isFinished(view)) ended.set(view.batchId, view);
      }
      ended = new Map([...ended].slice(-MAX_ENDED));
      const current = new Map([...ended, ...views.map((view) => [view.batchId, view] as const)]);
      all = all.filter(({ batchId }) => current.has(batchId));
      display.update(all.flatMap(({ batchId }) => current.get(batchId) ?? []));
      options.onViews(views);
      for (const [messageId, reason] of await session.refusals())
        if (!refused.has(messageId)) {
          refused.add(messageId);
          display.note(`message ${messageId} was refused: ${reason}`);
        }
      await wait(pollMs, undefined, { signal: interrupted });
    }
  };
  const reason = await Promise.race([showForever(), broken]).catch((error: unknown) => {
    if (!interrupted.aborted) throw error;
    return undefined;
  });
  if (reason !== undefined) throw new Error(reason);
}
