import type { Batch } from '../../batch/batch.ts';
import type { SweepCursors } from '../../batch/ports.ts';
import { about } from '../about.ts';
import type { Dependencies } from '../dependencies.ts';
import { transition } from '../transition.ts';
import { check } from './check.ts';
import { type DueBatch, dueBatches } from './dueBatches.ts';
import type { SweepRun } from './run.ts';
import { tendParts } from './tendParts.ts';

/** Batches looked at side by side: bounds the calls to a provider and the table at one time. */
const CONCURRENCY = 100;

/**
 * Looks at the batches whose time has come, and returns when all that it has begun is over, also
 * when it throws: the sweep's lease is given back after it.
 *
 * @param cursors where the last sweep ran out of time
 */
export async function lookAtDue(
  dependencies: Dependencies,
  run: SweepRun,
  cursors: SweepCursors,
): Promise<void> {
  const due = dueBatches(dependencies, run, cursors);
  const looks: Promise<void>[] = [];
  const failures: unknown[] = [];
  // They share one generator, which gives each batch to one of them, in order. Each that gets one
  // sets the next going: a quiet sweep needs two.
  const look = async () => {
    let isFirst = true;
    for await (const batch of due) {
      if (isFirst) setGoing();
      isFirst = false;
      await lookAt(dependencies, run, batch);
    }
  };
  const setGoing = () => {
    if (looks.length < CONCURRENCY) looks.push(look().catch((error) => void failures.push(error)));
  };
  setGoing();
  // Grows while it is gone through.
  for (const one of looks) await one;
  if (failures.length > 0) throw failures[0];
}

function lookAt(dependencies: Dependencies, run: SweepRun, due: DueBatch): Promise<void> {
  const { batches } = dependencies;
  return run.safely(due.batchId, async () => {
    const batch = due.record ?? (await batches.get(due.batchId));
    if (batch) await about(batch, () => lookAtRecord(dependencies, run, batch));
  });
}

async function lookAtRecord(
  dependencies: Dependencies,
  run: SweepRun,
  batch: Batch,
): Promise<void> {
  const now = dependencies.clock.now();
  if (batch.status === 'split') return tendParts(dependencies, batch);
  if (batch.status === 'running') {
    run.gauges.noteRunning(batch);
    return check(dependencies, run, batch);
  }
  if (batch.status === 'submitting' && batch.claim && now >= batch.claim.leaseUntil) {
    run.unresolved.push(batch);
    return;
  }
  run.gauges.noteDue(batch, now);
  await transition(dependencies, batch.batchId, { type: 'due' }, batch);
}
