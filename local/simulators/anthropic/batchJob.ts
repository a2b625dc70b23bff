import type { JobRecord } from '../jobs/jobRecord.ts';

/** A Message Batch. */
export interface BatchJob extends JobRecord {
  readonly requests: number;
}

/** A `custom_id` as this project writes it: a submission key and what stands for the user's id. */
const WITH_KEY = /^((bh[a-z0-9]{16})-\d+)_(.+)$/;

/** What the ids of a job tell of where it belongs. */
export function originOf(customId: string): { group: string; key?: string } {
  const [, key, group] = WITH_KEY.exec(customId) ?? [];
  return key === undefined || group === undefined ? { group: 'others' } : { group, key };
}

/** The id of a request in all jobs of its group. */
export function ownIdOf(customId: string): string {
  return WITH_KEY.exec(customId)?.[3] ?? customId;
}
