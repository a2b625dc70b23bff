/** Statuses in which a batch still has work to do. */
export const OPEN_STATUSES = [
  'inspecting',
  'queued',
  'split',
  'submitting',
  'running',
  'collecting',
  'delivering',
  'retrying',
] as const;

/** Statuses in which a batch has ended. */
export const END_STATUSES = ['completed', 'failed', 'cancelled'] as const;

/** Every status of the lifecycle, in the order a batch usually meets them. */
export const STATUSES = [...OPEN_STATUSES, ...END_STATUSES] as const;

export type Status = (typeof STATUSES)[number];
export type EndStatus = (typeof END_STATUSES)[number];

/** Whether the batch has ended. Its end event may still be pending, and a user may retry it. */
export function isEnded(status: Status): status is EndStatus {
  return (END_STATUSES as readonly Status[]).includes(status);
}
