import { setTimeout as wait } from 'node:timers/promises';
import type { Tracked } from './batches/watch.ts';
import type { Display } from './display/display.ts';
import type { Session } from './session.ts';

/** Between two looks at the table, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * Shows whatever is sent to the stack, batches and refused messages, until it is interrupted.
 *
 * @param broken resolves when the stack cannot go on
 */
export async function keepUp(
  session: Session,
  tracked: readonly Tracked[],
  display: Display,
  interrupted: AbortSignal,
  broken: Promise<string>,
): Promise<void> {
  let all = tracked;
  const refused = new Set((await session.refusals()).keys());
  const showForever = async (): Promise<never> => {
    while (true) {
      const known = new Set(all.map(({ batchId }) => batchId));
      const fresh = (await session.reader.listUnfinished()).filter((id) => !known.has(id));
      all = [...all, ...fresh.map((batchId) => ({ batchId, messageId: undefined }))];
      display.update(await session.views(all));
      for (const [messageId, reason] of await session.refusals())
        if (!refused.has(messageId)) {
          refused.add(messageId);
          display.note(`message ${messageId} was refused: ${reason}`);
        }
      await wait(LOOK_MS, undefined, { signal: interrupted });
    }
  };
  const reason = await Promise.race([showForever(), broken]).catch((error: unknown) => {
    if (!interrupted.aborted) throw error;
    return undefined;
  });
  if (reason !== undefined) throw new Error(reason);
}
