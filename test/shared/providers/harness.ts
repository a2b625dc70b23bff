import type { Outcome } from '../../../shared/batch/job.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import type { Injection } from '../../../simulators/engine/faults.ts';
import type { JournalContent } from '../../../simulators/engine/journal.ts';
import type { PlannedOutcome } from '../../../simulators/engine/plan.ts';

/** How a simulated provider is to behave. */
export interface SimulationOptions {
  readonly plan?: readonly PlannedOutcome[];
  /** From a job's creation to its end. Default: a moment. */
  readonly jobSeconds?: number;
  /** It is full: every job is refused, where the provider says so. */
  readonly full?: 'at create' | 'in the job';
  /** It knows another key than the provider under test has. */
  readonly wrongKey?: boolean;
}

/** A running simulator and the provider under test, connected to it. */
export interface Simulation {
  readonly provider: Provider;
  inject(injection: Injection): void;
  journal(): Promise<JournalContent>;
  close(): Promise<void>;
}

/** Starts a simulation that is closed after the test file. */
export type Start = (options?: SimulationOptions) => Promise<Simulation>;

/** How many of 20 requests have succeeded, and how many rows there are at least. */
export interface Ending {
  readonly kind: Outcome['kind'];
  readonly least: number;
  readonly most: number;
  readonly leastRows: number;
  readonly refusal?: Outcome['refusal'];
}

type CallPattern = Pick<Injection, 'method' | 'path'>;

/** What the contract must know of one provider. */
export interface Harness {
  readonly name: string;
  readonly endpoint: string;
  readonly model: string;
  /**
   * What the journal calls the batch of a job. Default: the id in the job's metadata; a provider
   * that is not told the id knows the key's random part only.
   */
  readonly journalBatch?: string;
  /** A request in the OpenAI batch format. */
  request(customId: string): object;
  start(options: SimulationOptions): Promise<Simulation>;
  /** The HTTP calls behind the interface's methods. */
  readonly calls: Readonly<
    Record<'create' | 'check' | 'cancel' | 'list' | 'download', CallPattern>
  >;
  /** The calls to its file store. Absent: requests travel in the create call, and rows in the job. */
  readonly fileCalls?: Readonly<Record<'upload' | 'listFiles' | 'delete', CallPattern>>;
  /** How many files a job with answers and errors leaves. Default: 2. */
  readonly outputFiles?: number;
  /** How jobs of a plan end where it is not as at OpenAI; `never` for words it does not have. */
  readonly endings?: Readonly<Partial<Record<PlannedOutcome, Ending | 'never'>>>;
  /** Names that no job and no file of the provider has, in its own form. */
  readonly unknown: { readonly jobId: string; readonly file: string };
  /** Changes to JSON replies that make them say nothing of use. */
  readonly patches: {
    /** A job in a status of another day, which is then called `status`. */
    readonly unknownStatus: { readonly fields: object; readonly status: string };
    /** An answer to `check` that is no job. */
    readonly noJob: object;
    /** An answer to `create` that is no job. */
    readonly nothingCreated: object;
    /** An answer to `list` that is no list. Absent where an empty object is an empty list. */
    readonly noList?: object;
    /** An answer to `listFiles` that is no list. */
    readonly noFileList?: object;
  };
  /** Error codes of a refused create call that mean something else than their status. */
  readonly createRefusals?: readonly (readonly [number, string, string])[];
  /** A job shows its key only when it has ended. */
  readonly hidesKeys?: boolean;
}
