import { messageOf, ProviderError } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import type { RunningFacts } from '../../batch/lifecycle/jobProgress.ts';
import type { Policy } from '../../batch/policy.ts';
import type { ListedState } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';

/** A job of ours. Its time of submission says about where in the list it is. */
interface OwnJob {
  readonly jobId: string;
  readonly facts?: Pick<RunningFacts, 'job'> | undefined;
}

/** A listing may begin with so many jobs of others: a page of most providers. */
const MAX_FOREIGN_FIRST = 100;
/** After that it must have one job of ours in so many; otherwise single checks are as cheap. */
const MAX_FOREIGN_PER_OWN = 10;

/** Streams of one provider: far fewer calls at a time than when jobs are checked one by one. */
const MAX_STREAMS = 16;

/**
 * Lists a provider's running jobs, which takes a call per page instead of one per job. Only
 * `running` is taken from the listing: a job that it does not show, or shows as ended, is checked
 * by itself, because a service may list a job without all of its output.
 *
 * A long list is read in several streams side by side, if the provider can begin after any job: each
 * begins after a job of ours and ends at the job after which another one has begun. Whatever the
 * order of the list is, they show it as a whole if none fails. One that fails in passing, as by a limit of calls,
 * goes on once, and alone, when the others have ended. What it then does not show is not known.
 *
 * @returns the states of our running jobs by id. Empty if our jobs are few or the provider has no
 *   such listing; incomplete if the listing failed half way, or took too long
 */
export async function listStates(
  { providers, policy, log }: Pick<Dependencies, 'providers' | 'policy' | 'log'>,
  name: string,
  jobs: readonly OwnJob[],
): Promise<ReadonlyMap<string, JobState>> {
  const states = new Map<string, JobState>();
  if (jobs.length < policy.listFrom) return states;
  const wanted = new Set(jobs.map(({ jobId }) => jobId));
  /** The jobs after which a stream begins. */
  const starts = new Set<string>();

  /** @returns the job after which a stream that failed in passing may go on */
  async function read(
    list: () => AsyncIterable<ListedState>,
    start?: string,
  ): Promise<string | undefined> {
    let listed = 0;
    let found = 0;
    let place = start;
    try {
      for await (const { jobId, state } of list()) {
        listed += 1;
        place = jobId;
        if (wanted.delete(jobId)) {
          found += 1;
          if (state.state === 'running') states.set(jobId, state);
        }
        const isRare = listed >= MAX_FOREIGN_FIRST + found * MAX_FOREIGN_PER_OWN;
        if (wanted.size === 0 || isRare) return undefined;
        if (jobId !== start && starts.has(jobId)) return undefined;
      }
      return undefined;
    } catch (error) {
      const fields = { provider: name, after: place, error: messageOf(error) };
      log.warn('job listing failed; what it does not show is checked one by one', fields);
      const mayPass = error instanceof ProviderError && error.kind === 'transient';
      return mayPass ? place : undefined;
    } finally {
      // It has not begun: the stream before it may go on through what would have been its part.
      if (listed === 0 && start !== undefined) starts.delete(start);
    }
  }

  try {
    const provider = await providers.get(name);
    const { listStates: list, listStatesAfter: listAfter } = provider;
    if (!list) return states;
    if (listAfter) for (const start of startsOf(jobs, policy)) starts.add(start);
    const others = [...starts].map((start) => listAfter && read(() => listAfter(start), start));
    const broken = await Promise.all([read(list), ...others]);
    for (const place of broken)
      if (listAfter && place !== undefined && wanted.size > 0)
        await read(() => listAfter(place), place);
  } catch (error) {
    const fields = { provider: name, error: messageOf(error) };
    log.warn('job listing failed; jobs are checked one by one', fields);
  }
  return states;
}

/**
 * The jobs after which further streams begin. By the times at which they were submitted, they divide
 * our jobs into parts of one size: an estimate of the provider's order, on which only the speed depends.
 */
function startsOf(
  jobs: readonly OwnJob[],
  { listStreamJobs }: Pick<Policy, 'listStreamJobs'>,
): readonly string[] {
  const streams = Math.min(MAX_STREAMS, Math.floor(jobs.length / listStreamJobs));
  if (streams < 2) return [];
  const timeOf = ({ facts }: OwnJob) => facts?.job.submittedAt ?? 0;
  const newestFirst = jobs.toSorted((a, b) => timeOf(b) - timeOf(a));
  const places = Array.from({ length: streams - 1 }, (_, index) => (index + 1) / streams);
  return places.flatMap((place) => newestFirst[Math.floor(place * jobs.length)]?.jobId ?? []);
}
