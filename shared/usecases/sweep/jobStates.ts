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

/** A reading may begin with so many jobs of others: a page of most providers. */
const MAX_FOREIGN_FIRST = 100;
/** After that it must have one job of ours in so many; otherwise single checks are as cheap. */
const MAX_FOREIGN_PER_OWN = 10;
/** After so many jobs of others in a row, a reading ends, and the next one begins at our next job. */
const MAX_FOREIGN_IN_A_ROW = 300;
/** That goes on while a reading has shown one job of ours in so many. */
const MAX_FOREIGN_TO_SKIP = 20;
/** And no more often than this in one stream. */
const MAX_READINGS = 50;

/** Streams of one provider: far fewer calls at a time than when jobs are checked one by one. */
const MAX_STREAMS = 16;

/** How a reading of the list has ended. */
type ReadingEnd =
  | { readonly is: 'done' }
  /** It may go on after this job. Undefined: from the beginning. */
  | { readonly is: 'broken'; readonly after: string | undefined }
  /** Too many jobs of others. `last`: the last job of ours, if it has shown one. */
  | { readonly is: 'foreign'; readonly last: string | undefined; readonly isWorthwhile: boolean };
const DONE: ReadingEnd = { is: 'done' };

/**
 * Lists a provider's running jobs, which takes a call per page instead of one per job. Only
 * `running` is taken from the listing: a job that it does not show, or shows as ended, is checked
 * by itself, because a service may list a job without all of its output.
 *
 * @returns the states of our running jobs by id. Empty if our jobs are few or the provider has no
 *   such listing; incomplete if the listing failed half way, or took too long
 */
export async function listStates(
  { providers, policy, log }: Pick<Dependencies, 'providers' | 'policy' | 'log'>,
  name: string,
  jobs: readonly OwnJob[],
): Promise<ReadonlyMap<string, JobState>> {
  if (jobs.length < policy.listFrom) return new Map();
  const warn = (error: unknown, after?: string) => {
    const fields = { provider: name, after, error: messageOf(error) };
    log.warn('job listing failed; what it does not show is checked one by one', fields);
  };
  try {
    const { listStates: list, listStatesAfter: listAfter } = await providers.get(name);
    return list
      ? await new StatesReader({ list, listAfter, warn }, jobs, policy).read()
      : new Map();
  } catch (error) {
    warn(error);
    return new Map();
  }
}

interface StateLists {
  readonly list: () => AsyncIterable<ListedState>;
  readonly listAfter: ((jobId: string) => AsyncIterable<ListedState>) | undefined;
  readonly warn: (error: unknown, after: string | undefined) => void;
}

/**
 * Reads one list. If it can begin after any job, several streams read it side by side. Each begins after a job
 * of ours, skips long runs of others' jobs, and ends at the job after which another one has begun. Whatever the
 * order of the list is, they show it as a whole if none fails and nothing is skipped. One that fails in
 * passing, as by a limit of calls, goes on once, and alone, when the others have ended. What no stream has
 * shown is not known.
 */
class StatesReader {
  readonly #lists: StateLists;
  /** By the times of their submission: an estimate of the list's order, on which only the speed depends. */
  readonly #newestFirst: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  /** Jobs of ours that no reading has shown yet. */
  readonly #wanted: Set<string>;
  /** The jobs after which a stream begins. */
  readonly #starts: Set<string>;
  readonly #states = new Map<string, JobState>();

  constructor(lists: StateLists, jobs: readonly OwnJob[], policy: Pick<Policy, 'listStreamJobs'>) {
    const timeOf = ({ facts }: OwnJob) => facts?.job.submittedAt ?? 0;
    this.#lists = lists;
    this.#newestFirst = jobs.toSorted((a, b) => timeOf(b) - timeOf(a)).map(({ jobId }) => jobId);
    this.#places = new Map(this.#newestFirst.map((jobId, place) => [jobId, place]));
    this.#wanted = new Set(this.#newestFirst);
    this.#starts = new Set(lists.listAfter && startsOf(this.#newestFirst, policy));
  }

  async read(): Promise<ReadonlyMap<string, JobState>> {
    const starts = [undefined, ...this.#starts];
    const broken = await Promise.all(starts.map((start) => this.#stream(start)));
    for (const after of broken)
      if (after !== undefined && this.#wanted.size > 0) await this.#stream(after);
    return this.#states;
  }

  /** @returns the job after which it was broken off, if it may go on there */
  async #stream(start: string | undefined): Promise<string | undefined> {
    let from = start;
    for (let readings = 0; readings < MAX_READINGS; readings++) {
      const end = await this.#readFrom(from);
      if (end.is === 'broken') return end.after;
      // The beginning of the list may be others' although the rest is ours.
      if (end.is === 'done' || !(end.isWorthwhile || from === undefined)) return undefined;
      from = this.#nextAfter(end.last);
      if (from === undefined) return undefined;
    }
    return undefined;
  }

  async #readFrom(start: string | undefined): Promise<ReadingEnd> {
    const { list, listAfter, warn } = this.#lists;
    let [listed, found, inARow, last, after] = [0, 0, 0, start, start];
    try {
      for await (const { jobId, state } of start === undefined
        ? list()
        : (listAfter?.(start) ?? [])) {
        after = jobId;
        listed += 1;
        inARow += 1;
        if (this.#wanted.delete(jobId)) {
          found += 1;
          inARow = 0;
          last = jobId;
          if (state.state === 'running') this.#states.set(jobId, state);
        }
        if (this.#wanted.size === 0 || (jobId !== start && this.#starts.has(jobId))) return DONE;
        const isRare = listed >= MAX_FOREIGN_FIRST + found * MAX_FOREIGN_PER_OWN;
        if (isRare || (listAfter && inARow >= MAX_FOREIGN_IN_A_ROW))
          return { is: 'foreign', last, isWorthwhile: found * MAX_FOREIGN_TO_SKIP >= listed };
      }
      return DONE;
    } catch (error) {
      warn(error, after);
      const mayPass = error instanceof ProviderError && error.kind === 'transient';
      return mayPass ? { is: 'broken', after } : DONE;
    } finally {
      // It has not begun: the stream before it may go on through what would have been its part.
      if (listed === 0 && start !== undefined) this.#starts.delete(start);
    }
  }

  /** The next job of ours that no reading has shown, unless another stream begins before it. */
  #nextAfter(last: string | undefined): string | undefined {
    if (!this.#lists.listAfter) return undefined;
    let place = last === undefined ? 0 : (this.#places.get(last) ?? this.#newestFirst.length) + 1;
    for (; place < this.#newestFirst.length; place++) {
      const jobId = this.#newestFirst[place];
      if (jobId === undefined || this.#starts.has(jobId)) return undefined;
      if (this.#wanted.has(jobId)) return jobId;
    }
    return undefined;
  }
}

/** The jobs after which further streams begin: they divide our jobs into parts of one size. */
function startsOf(
  newestFirst: readonly string[],
  { listStreamJobs }: Pick<Policy, 'listStreamJobs'>,
): readonly string[] {
  const streams = Math.min(MAX_STREAMS, Math.floor(newestFirst.length / listStreamJobs));
  if (streams < 2) return [];
  const places = Array.from({ length: streams - 1 }, (_, index) => (index + 1) / streams);
  return places.flatMap((place) => newestFirst[Math.floor(place * newestFirst.length)] ?? []);
}
