import type { Journal } from '../journal.ts';
import type { PlanWord } from '../plan.ts';
import type { JobRecord, Settlement } from './jobRecord.ts';
import type { RunRequest } from './runRequests.ts';

/** How one provider's jobs differ from another's. */
export interface JobKind<Job extends JobRecord> {
  /** The id of the request on a line of the input, as the journal shall know it. */
  idOf(line: Readonly<Record<string, unknown>>): string;
  /** Why a job is not run, if it is not: a plan's word, a limit, a bad line. */
  errorsOf(job: Job): readonly { code: string; message: string }[];
  /**
   * Writes what the job leaves behind, where the provider leaves it. May be run again after a kill.
   * Every request must be taken, or the journal does not know what succeeded.
   */
  write(
    job: Job,
    requests: AsyncIterable<RunRequest>,
    signal: AbortSignal,
  ): Promise<Omit<Settlement, 'at'>>;
}

export interface JobsOptions<Job extends JobRecord> {
  readonly dataDir: string;
  readonly plan: readonly PlanWord[];
  readonly jobSeconds: number;
  readonly journal: Journal;
  readonly now: () => number;
  readonly kind: JobKind<Job>;
}

/** What the creator of a job decides. */
export type NewJob<Job extends JobRecord> = Omit<
  Job,
  'sequence' | 'createdAt' | 'position' | 'word' | 'jobSeconds' | 'isDeleted'
> & {
  readonly key?: string | undefined;
  /** In the plan. Default: how many jobs the group has had. */
  readonly position?: number;
};
