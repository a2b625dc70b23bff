import pMap from 'p-map';
import { pages } from '../batch/pages.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from '../usecases/dependencies.ts';
import type { Collector } from './contract.ts';
import { findBatchOf } from './join.ts';
import { sweptLane, type Window, withNewNumber, withoutWindow } from './lane.ts';
import { updateLane } from './storeRequests.ts';

type SealPorts = Pick<Dependencies, 'batches' | 'policy' | 'clock' | 'metrics'>;

/** Records that are read at the same time. A lane has up to 2,000 sealed windows. */
const CONCURRENCY = 50;

/** The parts of a sweep that a step of it needs. */
interface SweepControl {
  /** Whether the sweep's time is over. */
  isOver(): boolean;
  /** Runs a step whose failure must not stop the sweep. */
  safely(subject: { readonly laneId: string }, step: () => Promise<void>): Promise<void>;
}

/**
 * The collector's step of a sweep: seals windows that have reached their age, sends sealed ones to
 * be joined until their batches exist, then removes them. Does nothing in a deployment without a
 * collector.
 */
export async function sealWindows(
  ports: SealPorts & Pick<Dependencies, 'collector'>,
  run: SweepControl,
): Promise<void> {
  const { collector, clock } = ports;
  if (!collector) return;
  const until = clock.now();
  for await (const laneIds of pages((cursor) => collector.lanes.listDue(until, cursor))) {
    for (const laneId of laneIds) {
      if (run.isOver()) return;
      await run.safely({ laneId }, () => sweepLane(ports, collector, laneId));
    }
  }
}

async function sweepLane(ports: SealPorts, collector: Collector, laneId: string): Promise<void> {
  const { policy, clock, metrics } = ports;
  let toJoin: readonly number[] = [];
  let sealedByAge = 0;
  const lane = await updateLane(collector, laneId, async (found) => {
    [toJoin, sealedByAge] = [[], 0];
    if (!found) return undefined;
    const now = clock.now();
    let kept = found;
    const sent = found.sealed.filter(({ sends, dueAt }) => sends > 0 && dueAt <= now);
    const find = async ({ number }: Window) => ({
      number,
      batch: await findBatchOf(ports, found, number),
    });
    // One after the other, they would take so long that a collector writes the lane first every time.
    for (const { number, batch } of await pMap(sent, find, { concurrency: CONCURRENCY })) {
      if (batch === 'own') kept = withoutWindow(kept, number);
      if (batch === 'taken') kept = withNewNumber(kept, number, now);
    }
    const next = sweptLane(kept, policy, now);
    toJoin = next.toJoin;
    sealedByAge = kept.open && !next.lane.open ? 1 : 0;
    return next.lane;
  });
  if (sealedByAge > 0) metrics.count(METRICS.windowsSealed, sealedByAge, lane?.provider);
  for (const window of toJoin) await collector.queue.sendJoin({ action: 'join', laneId, window });
}
