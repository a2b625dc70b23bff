import type { SimulatedJob } from './observer.ts';
import type { Random } from './random.ts';
import { MINUTE } from './schedule.ts';

/** A provider's report that a job has ended. */
interface Hint {
  /** When it is sent, from now. */
  readonly afterMs: number;
  readonly jobId: string;
}

/** True, early, late and repeated reports, and reports of unknown jobs. None of them proves anything. */
export function hintsOf({ id, endsAt }: SimulatedJob, now: number, random: Random): Hint[] {
  const untilEnd = Number.isFinite(endsAt) ? endsAt - now : 60 * MINUTE;
  const jobId = random.chance(0.9) ? id : `foreign-${id}`;
  const moments = [
    untilEnd,
    random.between(0, untilEnd),
    untilEnd + random.between(0, 60 * MINUTE),
  ];
  return Array.from({ length: 1 + random.int(3) }, () => ({
    // Near the end of the job, so that a sweep and a hint check it at the same time.
    afterMs: random.pick(moments) + random.between(0, MINUTE),
    jobId,
  }));
}
