import type * as z from 'zod';
import type { BilledTokens, Pricing } from '../batch/cost.ts';
import type { JobState, Limits, Outcome, Timing } from '../batch/job.ts';
import type { Format } from '../batch/messages.ts';
import type { ObjectStore, ScratchFile } from '../batch/ports.ts';
import type { SettingsSchema } from './settings.ts';

/** A job's rows, those of one chunk together: an await per row would cost more than the row. */
export type RowGroups = AsyncIterable<readonly Uint8Array[]>;

/** What all requests of a job have in common. */
export interface JobContext {
  /** The submission key, by which the job is found again: see `submissionKey`. */
  readonly key: string;
  readonly batchId: string;
  readonly endpoint: string;
  /** The model as the requests name it. */
  readonly model: string;
  /** Whether the requests' bodies are OpenAI's or the provider's own. */
  readonly format: Format;
  /** The message's `options`, which passed `checkOptions` at intake. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A job to be created. */
export interface Submission extends JobContext {
  /** Undefined: the entry's. */
  readonly completionWindow: string | undefined;
  /**
   * The requests, one per line, in the envelope of the OpenAI batch format, of which providers use
   * `custom_id` and `body`. Each has passed `checkRequest`.
   */
  readonly file: ScratchFile;
  /** The number of requests. */
  readonly requests: number;
  /**
   * How long the create call alone may take, counted from when it is sent, after the upload. A call
   * that takes longer is aborted and fails with `uncertain`.
   */
  readonly createDeadlineMs: number;
  /**
   * Called right before the create call is sent. It is not sent if this throws, because then another
   * worker may have taken the batch over while this one uploaded. Default: it may be sent.
   *
   * @throws ProviderError `transient`
   */
  beforeCreate?(): void;
}

/** A job in a listing. */
export interface ListedJob {
  readonly id: string;
  /** Undefined for jobs that are not ours, and for jobs that do not show their key yet. */
  readonly key: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /**
   * The number of requests of a job that shows its key only once it has ended. Until then it may
   * belong to any submission with as many requests, so none of those is proven absent.
   */
  readonly hiddenRequests?: number;
}

/**
 * Where a listing stands. It begins at the page of the cursor and moves the cursor on as its reader
 * comes to the end of a page, so that a listing that was broken off can be continued later.
 */
export interface ListingPosition {
  /** Undefined: at the first page. */
  cursor?: string | undefined;
  /** Whether an entry so far could not be read: the listing then fails at its end. */
  isIncomplete?: boolean | undefined;
}

/** The state of a job, as a listing shows it. */
export interface ListedState {
  readonly jobId: string;
  readonly state: JobState;
}

/** One request, as the inspection passes it to `checkRequest`. */
export interface RequestToCheck {
  readonly customId: string;
  readonly url: string;
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @throws RefusedError as `checkRequest` does, and for a request that does not fit earlier lines */
export type FileCheck = (request: RequestToCheck, line: number) => void;

/** A request without its id: what is translated. */
export type RequestContent = Pick<RequestToCheck, 'url' | 'body'>;

/** Endpoints of OpenAI's API that more than one provider serves. */
export const CHAT_COMPLETIONS = '/v1/chat/completions';
export const RESPONSES = '/v1/responses';
export const EMBEDDINGS = '/v1/embeddings';

/**
 * One provider's Batch API. Its methods throw ProviderError and nothing else. The error of `submit`
 * says whether a job may exist: only `uncertain` leaves that open.
 */
export interface Provider {
  readonly limits: Limits;
  /** Paths that a request's `url` may have. */
  readonly endpoints: readonly string[];
  /** Set if a job of fewer requests is filled up with cheap ones, and what each of those costs. */
  readonly padding?: BilledTokens & { readonly minRequests: number };
  /** @throws RefusedError naming the option and the allowed values */
  checkOptions(options: Readonly<Record<string, unknown>>): void;
  /**
   * Absent: the provider takes every request that OpenAI takes.
   *
   * @throws RefusedError for a request that this provider cannot express, naming the field (such as
   *   `body.seed`) and the fix, never the request's content
   */
  checkRequest?(request: RequestToCheck, format: Format): void;
  /**
   * Starts the check of one file, whose requests are then checked in their order, each as by
   * `checkRequest` and also beside the earlier ones. Absent: any requests fit together.
   */
  checkFile?(format: Format): FileCheck;
  /**
   * The id that a `custom_id` has in the rows of `readRows`, where the provider cannot carry the
   * `custom_id` itself. Absent: the rows have the `custom_id`.
   */
  referenceOf?(customId: string): string;
  /** Uploads the file and creates the job. The create call is sent at most once. */
  submit(submission: Submission): Promise<{ readonly jobId: string }>;
  check(jobId: string): Promise<JobState>;
  /** Asks the provider to end a job. Succeeds for a job that has ended or is ending. */
  cancel(jobId: string): Promise<void>;
  /**
   * Jobs created at or after `since` (milliseconds since 1970), newest first. Ends without an
   * error only when it has paged back past `since` or to the first job of the account.
   *
   * @param position where it begins, with the same `since`; it is kept up to date. Default: at the
   *   first page
   */
  listJobs(since: number, position?: ListingPosition): AsyncIterable<ListedJob>;
  /** Jobs are created although the list cannot be read: whoever wrote the settings accepts that. */
  readonly mayLackList?: boolean;
  /**
   * The states of the account's jobs, newest first, in as few calls as possible; the caller stops
   * reading when it has found its jobs. A job that is not listed may exist all the same. Absent:
   * the provider's listing has no states, or only one job per call.
   */
  listStates?(): AsyncIterable<ListedState>;
  /**
   * The rest of the list of `listStates`: what comes after a job of the account. Fails, or is empty, if the
   * list does not have the job. Absent: the list can only be read from its beginning.
   */
  listStatesAfter?(jobId: string): AsyncIterable<ListedState>;
  /**
   * The rows of everything the job wrote, in the OpenAI batch output format, one line each,
   * without the line end. A download that breaks throws: rows are never silently cut short. A row
   * that says that the account was refused has the error code ACCOUNT_ROW_CODE, and one that only
   * says what else the job is billed for has the id BILLED_ROW_ID.
   */
  readRows(outcome: Outcome, job: JobContext): RowGroups;
  /**
   * Deletes the input, the output and the errors of an ended job from the provider's file store.
   * May be repeated; a job or file that does not exist counts as deleted.
   */
  deleteFiles(jobId: string): Promise<void>;
  /**
   * Deletes the files that were uploaded for these submission keys, whether or not a job reads
   * them, and nothing else. May be repeated.
   *
   * @param since when the first may have been uploaded, in milliseconds since 1970
   */
  deleteLeftovers(keys: ReadonlySet<string>, since: number): Promise<void>;
}

/** Static facts about a provider entry; needs no credentials and no SDK. */
export type Description = Pick<
  Provider,
  'endpoints' | 'padding' | 'checkOptions' | 'checkRequest' | 'checkFile'
>;

/** Where the provider can report the end of an entry's jobs. */
export interface WebhookTarget {
  /** The URL that takes the entry's webhooks. */
  readonly url: string;
  /** Reads the entry's signing secret. Undefined or empty: it is not there, or cannot be read now. */
  secret(): Promise<string | undefined>;
}

/** A provider entry, with what its adapter needs to connect. */
export interface ProviderEntry<Settings> {
  /** The entry's name, for errors. */
  readonly entry: string;
  readonly settings: Settings;
  /** The defaults of the kind, overridden by the settings. */
  readonly limits: Limits;
  /** Of the local run, or of the settings; `isSafeBaseUrl` has passed. Default: the public API. */
  readonly baseUrl: string | undefined;
  /** Reads the present value of the entry's secret, if it has one. */
  secret(): Promise<string | undefined>;
  /** The handler's bucket, for providers whose jobs read and write it. */
  readonly objects: ObjectStore;
  /** ARN of the role that such jobs run under. */
  readonly jobRole: string | undefined;
  /** Only for a kind that names a URL for each job, in an entry with the option `webhook`. */
  readonly webhook?: WebhookTarget | undefined;
}

/** A kind of provider without its adapter. Loaded by every function, so it has no SDK. */
export interface KindDescription<Schema extends SettingsSchema = SettingsSchema> {
  /** The provider's name, for people. */
  readonly name: string;
  readonly settings: Schema;
  /** The fewest settings that an entry can have, with placeholder names, for estimates. */
  readonly minimalSettings: z.input<Schema>;
  /** Limits of an entry whose settings do not override them. */
  readonly limits: Limits;
  /** The time of jobs of an entry whose settings do not override it. */
  readonly timing: Timing;
  /** Whether entries and messages may name the window in which the provider ends a job. */
  readonly takesWindow?: boolean;
  /**
   * What the provider states that batches get off its list prices, from 0 to 1. Absent: nothing
   * that all entries get.
   */
  readonly batchDiscount?: number;
  /** Its id in the list of built-in prices. Default: the entry's base URL finds it. */
  readonly priceList?: string;
  /** Whether it holds for input from the cache as well. Default: true. */
  readonly isCacheDiscounted?: boolean;
  /**
   * How the provider learns where to report the end of jobs. `registered`: a person enters the URL of
   * the entry there, and the provider signs its webhooks. `perJob`: each job is created with a URL
   * that the handler has signed. Absent: it sends no webhooks.
   */
  readonly webhooks?: 'registered' | 'perJob';
  /** Loads the translation of requests, if the kind has one. */
  describe(settings: z.infer<Schema>): Promise<Description>;
}

/** Checks a kind's description against its own settings. */
export function describeKind<Schema extends SettingsSchema>(
  kind: KindDescription<Schema>,
): KindDescription<Schema> {
  return kind;
}

/** The provider entries of a deployment, as far as they are known without credentials. */
export interface DescribedProviders {
  /** Names of all entries, the default first. */
  readonly names: readonly string[];
  /**
   * How long an entry's jobs may take. Undefined for a name that is no entry.
   *
   * @param completionWindow of the message. Default: the entry's
   */
  timing(name: string, completionWindow?: string): Timing | undefined;
  /**
   * Static facts about an entry, for checking a message or a file.
   *
   * @throws RefusedError `unknown_provider` for a name that is no entry
   */
  describe(name: string): Promise<DescribedEntry>;
}

/** Static facts about an entry. */
export interface DescribedEntry extends Description, Pick<Provider, 'limits'> {
  readonly pricing: Pricing;
  /** Whether a message may name a completion window. */
  readonly takesWindow?: boolean | undefined;
  /** The model of requests that name none. Absent: such requests are refused. */
  readonly defaultModel?: string | undefined;
  /** The names of models that the entry's `models` has, without `*`. Absent: none. */
  readonly models?: readonly string[] | undefined;
}

/** The providers of a deployment, by the names of their entries. Each is loaded on first use. */
export interface Providers extends DescribedProviders {
  /**
   * @throws ProviderError `account` if its secret is not filled in
   * @throws RefusedError `unknown_provider` for a name that is no entry
   */
  get(name: string): Promise<Provider>;
}
