import pMap from 'p-map';
import type { DueHint } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import { transition } from '../transition.ts';
import { check } from './check.ts';
import type { SweepRun } from './run.ts';

/** Batches looked at side by side: bounds the calls to a provider and the table at one time. */
const CONCURRENCY = 100;

/**
 * Looks at the batches of one shard whose time has come.
 *
 * @param cursor where the last sweep ran out of time
 * @returns where this one did; undefined if it came to the end
 */
export async function lookAtDue(
  dependencies: Dependencies,
  run: SweepRun,
  shard: number,
  cursor: string | undefined,
): Promise<string | undefined> {
  const { batches, clock } = dependencies;
  const until = clock.now();
  let next = cursor;
  do {
    if (run.isOver()) return next;
    const page = await batches.listDue(shard, until, next);
    await pMap(page.items, (hint) => lookAt(dependencies, run, hint), { concurrency: CONCURRENCY });
    next = page.cursor;
  } while (next !== undefined);
  return undefined;
}

function lookAt(dependencies: Dependencies, run: SweepRun, hint: DueHint): Promise<void> {
  const { batches, clock } = dependencies;
  return run.safely(hint.batchId, async () => {
    const batch = await batches.get(hint.batchId);
    if (!batch) return;
    if (batch.status === 'running') return check(dependencies, run, batch);
    if (batch.status === 'submitting' && batch.claim && clock.now() >= batch.claim.leaseUntil) {
      run.unresolved.push(batch);
      return;
    }
    await transition(dependencies, batch.batchId, { type: 'due' }, batch);
  });
}
