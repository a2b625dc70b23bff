import type { Lane } from '../../batch/collectorLane.ts';
import type { Collector } from '../../batch/collectorPorts.ts';

/** Tries before a lane that others keep changing is left to a later delivery. */
const MAX_CONFLICTS = 50;

/**
 * The one way in which a lane changes: read it, change it, write it if nobody else has.
 *
 * @param change gives the very lane that it was given if there is nothing to change
 * @returns the lane as it is now; undefined if there is none
 */
export async function updateLane(
  { lanes }: Pick<Collector, 'lanes'>,
  laneId: string,
  change: (lane: Lane | undefined) => Promise<Lane | undefined>,
): Promise<Lane | undefined> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const lane = await lanes.get(laneId);
    const next = await change(lane);
    if (next === lane || !next) return lane;
    const written = { ...next, version: (lane?.version ?? 0) + 1 };
    if ((await lanes.replace(written)) === 'written') return written;
  }
  throw new Error(`the collector lane ${laneId} lost ${MAX_CONFLICTS} races in a row`);
}
