import type { ResourceIds } from '../../handlerMetadata.ts';

export const DEAD_LETTER_SOURCES = ['batch', 'work', 'outcome', 'collector'] as const;
/** Whose messages a dead-letter queue holds. */
export type DeadLetterSource = (typeof DEAD_LETTER_SOURCES)[number];

/** A queue with what was put aside of it. Both are URLs. */
export interface DeadLetterQueue {
  readonly source: DeadLetterSource;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** Those that the handler has: without a collector there is none for it. */
export function deadLetterQueues(resources: ResourceIds): readonly DeadLetterQueue[] {
  return DEAD_LETTER_SOURCES.flatMap((source) => {
    const queueUrl = resources[`${source}Queue`];
    const deadLetterUrl = resources[DEAD_LETTER_IDS[source]];
    if (queueUrl === undefined || deadLetterUrl === undefined) return [];
    return [{ source, queueUrl, deadLetterUrl }];
  });
}

const DEAD_LETTER_IDS = {
  batch: 'deadLetterQueue',
  work: 'workDeadLetterQueue',
  outcome: 'outcomeDeadLetterQueue',
  collector: 'collectorDeadLetterQueue',
} as const;
