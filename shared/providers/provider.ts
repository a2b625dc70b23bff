import type { JobState, Outcome } from '../batch/job.ts';
import type { Limits } from '../batch/limits.ts';
import type { ScratchFile } from '../batch/ports.ts';

/** A job to be created. */
export interface Submission {
  /** By which the job is found again: see `submissionKey`. */
  readonly key: string;
  readonly batchId: string;
  readonly endpoint: string;
  readonly completionWindow: string;
  /** The message's `options`, checked by `checkOptions` at intake. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The requests, in the OpenAI batch format, one per line. */
  readonly file: ScratchFile;
  /**
   * How long the create call alone may take, counted from when it is sent, after the upload. It is
   * aborted then, which is `uncertain`.
   */
  readonly createDeadlineMs: number;
}

/** A job as a listing shows it. */
export interface ListedJob {
  readonly id: string;
  /** Absent on jobs that are not ours. */
  readonly key: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/**
 * One provider's Batch API. Each method throws ProviderError and nothing else; `submit` tells
 * exactly whether a job may exist: only `uncertain` leaves that open.
 */
export interface Provider {
  readonly limits: Limits;
  /** Paths that a request's `url` may have. */
  readonly endpoints: readonly string[];
  /** Throws RefusedError naming the option and what is allowed. */
  checkOptions(options: Readonly<Record<string, unknown>>): void;
  /** Uploads the file and creates the job. The create call is sent at most once. */
  submit(submission: Submission): Promise<{ readonly jobId: string }>;
  check(jobId: string): Promise<JobState>;
  /** Asks for the job's end; one that has ended or is ending is left as it is. */
  cancel(jobId: string): Promise<void>;
  /**
   * Jobs created at or after `since` (milliseconds since 1970), newest first. Ends without an
   * error only when it has paged back past `since` or to the first job of the account.
   */
  listJobs(since: number): AsyncIterable<ListedJob>;
  /**
   * The rows of everything the job wrote, in the OpenAI batch output format, one line each,
   * without the line end. A download that breaks throws: rows are never silently cut short.
   */
  readRows(outcome: Outcome): AsyncIterable<Uint8Array>;
  /**
   * Deletes what an ended job has in the provider's file store: its input, its output and its
   * errors. Harmless to repeat; a job or a file that is not there needs no deleting.
   */
  deleteFiles(jobId: string): Promise<void>;
  /**
   * Deletes the files that were uploaded for these submission keys, whether or not they became a
   * job's. Nothing else is touched. Harmless to repeat.
   *
   * @param since when the first may have been uploaded, in milliseconds since 1970
   */
  deleteLeftovers(keys: ReadonlySet<string>, since: number): Promise<void>;
}

/** The providers of this deployment, by the names of their entries. Loaded when first used. */
export interface Providers {
  /** Names of all entries, the default first. */
  readonly names: readonly string[];
  /**
   * Throws ProviderError `account` if its secret is not filled, and RefusedError
   * `unknown_provider` for a name that is no entry.
   */
  get(name: string): Promise<Provider>;
  /** What is known without credentials, for checking a message or a file. Throws RefusedError. */
  describe(name: string): Promise<Pick<Provider, 'limits' | 'endpoints' | 'checkOptions'>>;
}
