import { decide } from '../batch/lifecycle/decide.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import type { Batch } from '../batch/record.ts';
import type { Dependencies } from './dependencies.ts';
import { type EffectPorts, perform } from './effects.ts';
import { attributed } from './logFields.ts';

export type TransitionPorts = EffectPorts &
  Pick<Dependencies, 'batches' | 'clock' | 'chance' | 'policy'>;

/** Lost races after which the event is given up. The sweep acts on the record again. */
const MAX_CONFLICTS = 10;

export type TransitionResult =
  | { readonly type: 'changed'; readonly batch: Batch }
  | { readonly type: 'unchanged'; readonly batch: Batch }
  | { readonly type: 'ignored'; readonly why: string; readonly batch: Batch }
  | { readonly type: 'refused'; readonly why: string; readonly batch: Batch }
  | { readonly type: 'absent' };

/**
 * Changes a record: reads it, decides, writes it on the condition that no other writer has come in
 * between, then performs the effects. A lost race is normal; the decision is then made again on the
 * new record. Records change in no other way.
 *
 * @param known the record if the caller has just read it, which saves a read
 * @throws Error after 10 lost races in a row. The error is attributed to the batch
 */
export async function transition(
  ports: TransitionPorts,
  batchId: string,
  event: BatchEvent,
  known?: Batch,
): Promise<TransitionResult> {
  let batch = known;
  try {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
      if (conflicts > 0 || !known) batch = await ports.batches.get(batchId);
      if (!batch) return { type: 'absent' };
      const result = await step(ports, batch, event);
      if (result) return result;
    }
    throw new Error(`${event.type} met another writer ${MAX_CONFLICTS} times in a row`);
  } catch (error) {
    throw attributed(error, batch ?? { batchId });
  }
}

/** @returns undefined if another writer has changed the record since it was read */
async function step(
  ports: TransitionPorts,
  batch: Batch,
  event: BatchEvent,
): Promise<TransitionResult | undefined> {
  const { batches, clock, chance, policy } = ports;
  const decision = decide(batch, event, { policy, now: clock.now(), random: chance.random() });
  if (decision.type === 'ignored' || decision.type === 'refused') return { ...decision, batch };
  const next = decision.type === 'changed' ? decision.batch : batch;
  if (next !== batch && (await batches.replace(next)) === 'conflict') return undefined;
  const followUps = await perform(ports, next, decision.effects);
  for (const followUp of followUps) await transition(ports, batch.batchId, followUp);
  return { type: decision.type, batch: next };
}
