import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../../shared/batch/job.ts';
import type { Provider } from '../../../shared/providers/provider.ts';
import type { Injection } from '../../../simulators/engine/faults.ts';
import type { JournalContent } from '../../../simulators/engine/journal.ts';
import type { PlannedOutcome } from '../../../simulators/engine/plan.ts';

/** How a simulated provider behaves. */
export interface SimulationOptions {
  readonly plan?: readonly PlannedOutcome[];
  /** Time from a job's creation to its end. Default: 0.05. */
  readonly jobSeconds?: number;
  /** The provider is full and refuses every job, at the create call or in the job. */
  readonly full?: 'at create' | 'in the job';
  /** The simulator accepts only a key that the provider under test does not have. */
  readonly wrongKey?: boolean;
}

/** A running simulator and the provider under test, connected to it. */
export interface Simulation {
  readonly provider: Provider;
  inject(injection: Injection): void;
  journal(): Promise<JournalContent>;
  close(): Promise<void>;
}

interface Simulator extends Pick<Simulation, 'inject' | 'journal'> {
  readonly url: string;
  close(): Promise<unknown>;
}

/** Starts a simulator with a directory of its own, and connects a provider to it. */
export async function simulate<S extends Simulator>(
  start: (dataDir: string) => Promise<S>,
  connect: (url: string) => Promise<Provider>,
): Promise<Simulation & Pick<S, 'url'> & { readonly dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'provider-simulator-'));
  const simulator = await start(dataDir);
  const { url, inject, journal } = simulator;
  return {
    provider: await connect(url),
    ...{ url, dataDir, inject, journal },
    async close() {
      await simulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts a simulation that is closed after the test file. */
export type Start = (options?: SimulationOptions) => Promise<Simulation>;

/** How many of 20 requests succeed, and the least number of rows. */
export interface Ending {
  readonly kind: Outcome['kind'];
  readonly least: number;
  readonly most: number;
  readonly leastRows: number;
  readonly refusal?: Outcome['refusal'];
}

type CallPattern = Pick<Injection, 'method' | 'path'>;

/** What the contract has to know about one provider. */
export interface Harness {
  readonly name: string;
  readonly endpoint: string;
  readonly model: string;
  /**
   * The batch of a job in the journal. Default: the id in the job's metadata. A provider whose jobs
   * do not contain the id has only the random part of the key.
   */
  readonly journalBatch?: string;
  /** A request in the OpenAI batch format. */
  request(customId: string): object;
  start(options: SimulationOptions): Promise<Simulation>;
  /** The HTTP calls behind the interface's methods. */
  readonly calls: Readonly<
    Record<'create' | 'check' | 'cancel' | 'list' | 'download', CallPattern>
  >;
  /** The calls of its file store. Absent: the create call contains the requests, and the job the rows. */
  readonly fileCalls?: Readonly<Record<'upload' | 'listFiles' | 'delete', CallPattern>>;
  /** How many files a job with answers and errors writes. Default: 2. */
  readonly outputFiles?: number;
  /** The provider has no call that deletes results. */
  readonly keepsResults?: boolean;
  /** How planned jobs end if not as at OpenAI; `never` for outcomes that the provider does not have. */
  readonly endings?: Readonly<Partial<Record<PlannedOutcome, Ending | 'never'>>>;
  /** Names in the provider's format that no job and no file has. */
  readonly unknown: { readonly jobId: string; readonly file: string };
  /** Changes of JSON answers that make them unusable. */
  readonly patches: {
    /** A job with an unknown status, and the status that is then reported. */
    readonly unknownStatus: { readonly fields: object; readonly status: string };
    /** An answer to `check` that is no job. */
    readonly noJob: object;
    /** An answer to `create` that is no job. */
    readonly nothingCreated: object;
    /** An answer to `list` that is no list. */
    readonly noList: object;
    /** Fields of a job that decide nothing, with values of types that they never have. */
    readonly oddFields: object;
    /** An answer to `listFiles` that is no list. */
    readonly noFileList?: object;
  };
  /** Answers to `list` that are no complete listing, by what is wrong with them. */
  readonly incompleteLists: Readonly<Record<string, unknown>>;
  /** The provider takes every job, and keeps it until there is room. */
  readonly isNeverFull?: boolean;
  /** The provider's list is an array of all jobs, in one answer. */
  readonly listsAll?: boolean;
  /** The provider's empty list is `{}`. */
  readonly omitsEmptyList?: boolean;
  /** Status, error code and kind of refused create calls whose code overrides the status. */
  readonly createRefusals?: readonly (readonly [number, string, string])[];
  /** A job shows its key only once it has ended. */
  readonly hidesKeys?: boolean;
}
