import type { Pricing } from '../batch/cost.ts';
import type { JobState, Outcome } from '../batch/job.ts';
import type { ScratchFile } from '../batch/ports.ts';
import type { Format } from '../batch/record.ts';
import type { Limits } from '../quota/admission.ts';

/** Rows of a job in groups of a chunk each: an await per row would cost more than the row. */
export type RowGroups = AsyncIterable<readonly Uint8Array[]>;

/** What is the same for all requests of a job. */
export interface JobContext {
  /** By which the job is found again: see `submissionKey`. */
  readonly key: string;
  readonly batchId: string;
  readonly endpoint: string;
  /** As the requests name it. */
  readonly model: string;
  /** Whether the bodies of the requests are OpenAI's or the provider's own. */
  readonly format: Format;
  /** The message's `options`, checked by `checkOptions` at intake. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A job to be created. */
export interface Submission extends JobContext {
  readonly completionWindow: string;
  /**
   * The requests, one per line, in the envelope of the OpenAI batch format: `custom_id` and `body`
   * are what counts. Each has passed `checkRequest`.
   */
  readonly file: ScratchFile;
  /** How many there are. */
  readonly requests: number;
  /**
   * How long the create call alone may take, counted from when it is sent, after the upload. It is
   * aborted then, which is `uncertain`.
   */
  readonly createDeadlineMs: number;
}

/** A job as a listing shows it. */
export interface ListedJob {
  readonly id: string;
  /** Absent on jobs that are not ours, and on those that do not show it yet. */
  readonly key: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /**
   * On a job that shows its key only when it has ended: how many requests it holds. Until then it
   * may be that of any submission of as many requests, whose absence is therefore not proven.
   */
  readonly hiddenRequests?: number;
}

/** How a job stands, as a listing shows it. */
export interface ListedState {
  readonly jobId: string;
  readonly state: JobState;
}

/** One request, as the inspection hands it to its provider. */
export interface RequestToCheck {
  readonly customId: string;
  readonly url: string;
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
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
  /**
   * Throws RefusedError for a request that this provider cannot express, naming the field (such as
   * `body.seed`) and the fix, never what the request says. Absent: it takes all that is OpenAI's.
   */
  checkRequest?(request: RequestToCheck, format: Format): void;
  /**
   * What stands for a `custom_id` in the rows of `readRows`, where the provider does not carry the
   * id itself. Absent: the id.
   */
  referenceOf?(customId: string): string;
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
   * How the jobs of the account stand, newest first, by as few calls as it takes; the caller stops
   * reading when it has seen enough. That a job is not among them says nothing. Absent: the list of
   * this provider does not tell it, or has no more than one job a call.
   */
  listStates?(): AsyncIterable<ListedState>;
  /**
   * The rows of everything the job wrote, in the OpenAI batch output format, one line each,
   * without the line end. A download that breaks throws: rows are never silently cut short. A row
   * that says that the account cannot pay has the error code ACCOUNT_ROW_CODE.
   */
  readRows(outcome: Outcome, job: JobContext): RowGroups;
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

/** What is known of a provider without credentials or its SDK. */
export type Description = Pick<Provider, 'endpoints' | 'checkOptions' | 'checkRequest'>;

/** What is known of the providers of a deployment without credentials. */
export interface DescribedProviders {
  /** Names of all entries, the default first. */
  readonly names: readonly string[];
  /** What is known without credentials, for checking a message or a file. Throws RefusedError. */
  describe(
    name: string,
  ): Promise<Description & Pick<Provider, 'limits'> & { readonly pricing: Pricing }>;
}

/** The providers of this deployment, by the names of their entries. Loaded when first used. */
export interface Providers extends DescribedProviders {
  /**
   * Throws ProviderError `account` if its secret is not filled, and RefusedError
   * `unknown_provider` for a name that is no entry.
   */
  get(name: string): Promise<Provider>;
}
