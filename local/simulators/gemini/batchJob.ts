import type { JobRecord } from '../jobs/jobRecord.ts';

/** A batch, by its id without `batches/`. */
export interface BatchJob extends JobRecord {
  readonly kind: 'GenerateContent' | 'EmbedContent';
  readonly displayName: string;
  /** `models/…` */
  readonly model: string;
  /** `files/…` */
  readonly inputFile: string;
  readonly requests: number;
  readonly estimatedTokens: number;
  /** Why the input cannot be run. */
  readonly problem?: string;
  readonly isOverLimit: boolean;
}

/** The id of the file that a job writes: the same when the writing is done again after a kill. */
export function responsesFileOf(id: string): string {
  return `batch-${id}`;
}

/** A submission key as this project writes it. All submissions of a batch share its first part. */
const KEY = /^(bh[a-z0-9]{16})-\d+$/;

/** What a display name tells of where the job belongs. */
export function originOf(displayName: string): { group: string; key?: string } {
  const group = KEY.exec(displayName)?.[1];
  return group === undefined ? { group: displayName } : { group, key: displayName };
}
