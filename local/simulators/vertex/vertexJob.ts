import type { JobRecord } from '../jobs/jobRecord.ts';

/** A batch prediction job, with what the create call said of it. */
export interface VertexJob extends JobRecord {
  readonly displayName: string;
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `gs://…` or `bq://…` */
  readonly inputUri: string;
  readonly outputUri: string;
  /** Why the input cannot be run, if it cannot. */
  readonly problem?: string;
  /** The project had as many jobs as it may have. */
  readonly isOverLimit: boolean;
}
