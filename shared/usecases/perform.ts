import type { Batch } from '../batch/batch.ts';
import type { Effect } from '../batch/effects.ts';
import { messageOf } from '../batch/errors.ts';
import type { BatchEvent } from '../batch/events.ts';
import { METRICS } from '../metrics.ts';
import { announce, reportStall } from './announce.ts';
import { cleanUp } from './cleanUp.ts';
import { deliver } from './deliver.ts';
import type { Dependencies } from './dependencies.ts';
import { holdProvider, noteSpent, releaseProvider } from './providerState.ts';

/**
 * Does the effects of a decision that has been written. One that fails is logged and left: the
 * record says what is owed, and the sweeper sees to it when it is due.
 *
 * @returns what came of them that the record must know
 */
export async function perform(
  dependencies: Dependencies,
  batch: Batch,
  effects: readonly Effect[],
): Promise<readonly BatchEvent[]> {
  const followUps: BatchEvent[] = [];
  for (const effect of effects) {
    try {
      const followUp = await performOne(dependencies, batch, effect);
      if (followUp) followUps.push(followUp);
    } catch (error) {
      dependencies.log.warn('an effect failed; the sweeper repeats it', {
        status: batch.status,
        effect: effect.type,
        error: messageOf(error),
      });
    }
  }
  return followUps;
}

async function performOne(
  dependencies: Dependencies,
  batch: Batch,
  effect: Effect,
): Promise<BatchEvent | undefined> {
  const { batchId } = batch;
  const { queues, providers, metrics } = dependencies;
  switch (effect.type) {
    case 'sendWork':
      await queues.sendWork({ action: effect.work, batchId });
      return;
    case 'sendRequeue': {
      const { delaySeconds, version } = effect;
      await queues.sendBatch({ action: 'requeue', batchId, version }, delaySeconds);
      metrics.count(METRICS.requeued, 1, batch.provider);
      return;
    }
    case 'invokeProcessor':
      return deliver(dependencies, batch);
    case 'announce':
      return announce(dependencies, batch);
    case 'reportStall':
      await reportStall(dependencies, batch);
      return;
    case 'cancelJob':
      await (await providers.get(batch.provider)).cancel(effect.jobId);
      return;
    case 'holdProvider':
      await holdProvider(dependencies, batch, effect);
      return;
    case 'releaseProvider':
      await releaseProvider(dependencies, batch.provider);
      return;
    case 'noteSpent':
      await noteSpent(dependencies, batch.provider, effect.amount);
      return;
    case 'cleanUp':
      return cleanUp(dependencies, batch);
    case 'reportFilesLeft': {
      const { jobIds } = effect;
      dependencies.log.error('files could not be deleted: they expire at the provider', { jobIds });
      metrics.count(METRICS.filesLeft, 1, batch.provider);
      return;
    }
  }
}
