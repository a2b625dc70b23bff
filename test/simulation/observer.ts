import type { ProcessorEvent } from '../../shared/batch/contracts.ts';
import type { Reason } from '../../shared/batch/errors.ts';
import type { Batch } from '../../shared/batch/record.ts';
import type { ProviderState } from '../../shared/quota/providerState.ts';
import type { JobPlan } from './lives.ts';
import type { Process } from './process.ts';

/**
 * `late`: a completed job names its files some time after its end. `gone`: no file can be read.
 * `cut`: every download breaks after the first row.
 */
export interface OutputFault {
  readonly kind: 'late' | 'gone' | 'cut';
  readonly lateMs: number;
}

export interface SimulatedJob {
  readonly id: string;
  readonly key: string;
  readonly batchId: string;
  readonly createdAt: number;
  readonly customIds: readonly string[];
  readonly plan: JobPlan;
  /** Of a job that did not fit into the account's quota. */
  readonly refusal: Reason | undefined;
  /** Until then the job waits at the provider. */
  readonly startsAt: number;
  endsAt: number;
  cancelled: boolean;
  /** How often the provider has taken a cancel of it. */
  cancels: number;
  outputDeleted: boolean;
  /** When the provider's answers about its status cannot be read. */
  readonly blind: { readonly from: number; readonly until: number } | undefined;
  /** How its files differ from what is right. */
  readonly output: OutputFault | undefined;
  /** The status code of each request that has a row when the job has ended. */
  readonly rows: ReadonlyMap<string, number>;
}

/** An upload, and the job that took it, if one did. */
export interface SimulatedUpload {
  readonly key: string;
  readonly createdAt: number;
  job: SimulatedJob | undefined;
  deleted: boolean;
}

/** Is called for each event of the simulated world, at the instant when it happens. */
export interface Observer {
  onWrite(next: Batch, previous: Batch | undefined): void;
  /** A writer took its own write, which stands, for another writer's. */
  onDisowned(batch: Batch): void;
  /** A record cannot be written, or not be read back. */
  onUnwritable(batch: Batch, error: unknown): void;
  /** The table is about to remove a record whose retention is over. */
  onExpired(batch: Batch): void;
  onProviderState(state: ProviderState): void;
  /** A sweep begins. */
  onSweep(process: Process, shard: number | undefined): void;
  onSweepOver(process: Process, shard: number | undefined): void;
  /** The processor is invoked. */
  onInvocation(event: ProcessorEvent): void;
  /** An invocation of the processor ends. */
  onOutcome(event: ProcessorEvent): void;
  /** A job is created at the provider. */
  onJob(job: SimulatedJob): void;
  /** A cancel of the job was taken: it ends sooner than it would have. */
  onJobCancelled(job: SimulatedJob): void;
  /** A job is made of an upload. */
  onUploadTaken(upload: SimulatedUpload, job: SimulatedJob): void;
  onUploadDeleted(upload: SimulatedUpload): void;
  onOutputDeleted(job: SimulatedJob): void;
}
