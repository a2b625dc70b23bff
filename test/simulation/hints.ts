import type { SimulatedJob } from './observer.ts';
import type { Random } from './random.ts';
import { MINUTE } from './schedule.ts';

/** What a provider says of the end of a job: when, and of which. */
interface Hint {
  readonly afterMs: number;
  readonly jobId: string;
}

/** True, premature, late, repeated and of a job that nobody has: none of them proves anything. */
export function hintsOf({ id, endsAt }: SimulatedJob, now: number, random: Random): Hint[] {
  const untilEnd = Number.isFinite(endsAt) ? endsAt - now : 60 * MINUTE;
  const jobId = random.chance(0.9) ? id : `foreign-${id}`;
  const moments = [
    untilEnd,
    random.between(0, untilEnd),
    untilEnd + random.between(0, 60 * MINUTE),
  ];
  return Array.from({ length: 1 + random.int(3) }, () => ({
    // At the end, sweeps and hints look at the same moment.
    afterMs: random.pick(moments) + random.between(0, MINUTE),
    jobId,
  }));
}
