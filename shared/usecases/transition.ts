import { decide } from '../batch/lifecycle/decide.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import type { Batch } from '../batch/record.ts';
import type { Dependencies } from './dependencies.ts';
import { perform } from './effects.ts';
import { withBatchContext } from './logContext.ts';

/** Tries before a record that others keep changing is left to the next sweep. */
const MAX_CONFLICTS = 10;

export type Transitioned =
  | { readonly type: 'changed'; readonly batch: Batch }
  | { readonly type: 'unchanged'; readonly batch: Batch }
  | { readonly type: 'ignored'; readonly why: string; readonly batch: Batch }
  | { readonly type: 'refused'; readonly why: string; readonly batch: Batch }
  | { readonly type: 'absent' };

/**
 * The one way in which a record changes: read it, decide, write on the condition that nobody else
 * has, then do the effects. Losing the race is normal: it decides again on what is there now.
 *
 * @param known the record if the caller has just read it, which saves reading it again
 */
export async function transition(
  dependencies: Dependencies,
  batchId: string,
  event: BatchEvent,
  known?: Batch,
): Promise<Transitioned> {
  const { batches } = dependencies;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const batch = conflicts === 0 && known ? known : await batches.get(batchId);
    if (!batch) return { type: 'absent' };
    const done = await withBatchContext(batch, () => step(dependencies, batch, event));
    if (done) return done;
  }
  throw new Error(`batch ${batchId}: ${event.type} lost ${MAX_CONFLICTS} races in a row`);
}

/** @returns undefined if somebody else has changed the record since it was read */
async function step(
  dependencies: Dependencies,
  batch: Batch,
  event: BatchEvent,
): Promise<Transitioned | undefined> {
  const { batches, clock, chance, policy } = dependencies;
  const decision = decide(batch, event, { policy, now: clock.now(), random: chance.random() });
  if (decision.type === 'ignored' || decision.type === 'refused') return { ...decision, batch };
  const next = decision.type === 'changed' ? decision.batch : batch;
  if (next !== batch && (await batches.replace(next)) === 'conflict') return undefined;
  const followUps = await withBatchContext(next, () =>
    perform(dependencies, next, decision.effects),
  );
  for (const followUp of followUps) await transition(dependencies, batch.batchId, followUp);
  return { type: decision.type, batch: next };
}
