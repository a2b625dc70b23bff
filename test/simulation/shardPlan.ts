import type { Random } from './random.ts';

const HOUR = 3_600_000;

/** The numbers of shards that a handler has, one after the other. */
export interface ShardPlan {
  readonly numbers: readonly number[];
  /** When each but the first begins, in milliseconds since 1970. */
  readonly changes: readonly number[];
  readonly random: Random;
}

/** Share of the schedules in which the handler has several shards for a time. */
const SHARE = 0.1;

/** The partitions of this world: few, because every read of one is a call. */
export const FEW = { due: 1, active: 1 };
export const MANY = { due: 4, active: 4 };

/** @param start in milliseconds since 1970 */
export function drawShards(
  random: Random,
  start: number,
  isCertain = false,
): ShardPlan | undefined {
  if (!random.chance(isCertain ? 1 : SHARE)) return undefined;
  const numbers = [random.pick([1, 1, 2, 4])];
  const changes: number[] = [];
  for (let at = start; numbers.length <= 3; ) {
    at += random.between(0, random.pick([HOUR, 6 * HOUR, 24 * HOUR]));
    changes.push(at);
    numbers.push(random.pick([1, 2, 3, 4]));
  }
  return { numbers, changes, random };
}
