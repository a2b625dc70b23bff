import { pages } from '../batch/ports.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from '../usecases/dependencies.ts';
import type { Collector } from './contract.ts';
import { collectedBatchId, swept, withoutWindow } from './lane.ts';
import { updateLane } from './register.ts';

/** Of a sweep: its time, and what keeps one failure from delaying the rest. */
interface Run {
  isOver(): boolean;
  safely(batchId: string, part: () => Promise<void>): Promise<void>;
}

/**
 * The collector's part of a sweep: seals windows that have reached their age, has sealed ones
 * joined until their batch exists, and forgets those whose batch does. Does nothing in a
 * deployment without a collector.
 */
export async function sealWindows(dependencies: Dependencies, run: Run): Promise<void> {
  const { collector, clock } = dependencies;
  if (!collector) return;
  const until = clock.now();
  for await (const laneIds of pages((cursor) => collector.lanes.listDue(until, cursor))) {
    for (const laneId of laneIds) {
      if (run.isOver()) return;
      await run.safely(`collected-${laneId}`, () => sweepLane(dependencies, collector, laneId));
    }
  }
}

async function sweepLane(
  { batches, policy, clock, metrics }: Dependencies,
  collector: Collector,
  laneId: string,
): Promise<void> {
  let toJoin: readonly number[] = [];
  let aged = 0;
  const lane = await updateLane(collector, laneId, async (found) => {
    [toJoin, aged] = [[], 0];
    if (!found) return undefined;
    const now = clock.now();
    let kept = found;
    for (const { number, sends, dueAt } of found.sealed) {
      if (sends === 0 || dueAt > now) continue;
      if (await batches.get(collectedBatchId(laneId, number))) kept = withoutWindow(kept, number);
    }
    const next = swept(kept, policy, now);
    toJoin = next.toJoin;
    aged = kept.open && !next.lane.open ? 1 : 0;
    return next.lane;
  });
  if (aged > 0) metrics.count(METRICS.windowsSealed, aged, lane?.provider);
  for (const window of toJoin) await collector.queue.sendJoin({ action: 'join', laneId, window });
}
