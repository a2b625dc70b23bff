import type { ResourceIds } from '../handlerMetadata.ts';

export const QUEUE_NAMES = ['batch', 'work', 'outcome', 'collector'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** A queue of a handler, with its dead-letter queue. Both are URLs. */
export interface HandlerQueue {
  readonly name: QueueName;
  readonly url: string;
  readonly deadLetterUrl: string;
}

const DEAD_LETTER_QUEUES = {
  batch: 'deadLetterQueue',
  work: 'workDeadLetterQueue',
  outcome: 'outcomeDeadLetterQueue',
  collector: 'collectorDeadLetterQueue',
} as const;

/** The queues of a handler. One without a collector has none for it. */
export function handlerQueues(resources: ResourceIds): readonly HandlerQueue[] {
  return QUEUE_NAMES.flatMap((name) => {
    const url = resources[`${name}Queue`];
    const deadLetterUrl = resources[DEAD_LETTER_QUEUES[name]];
    if (url === undefined || deadLetterUrl === undefined) return [];
    return [{ name, url, deadLetterUrl }];
  });
}
