import type { ProcessorEvent } from '../../../shared/processor/index.ts';

/** The event of a delivery whose rows are of no interest. */
export function deliveryOf(fields: Partial<ProcessorEvent>): ProcessorEvent {
  const object = { bucket: 'batches', key: 'rows.jsonl' };
  return {
    version: 1,
    deliveryId: 'bh0123456789abcdef-delivery-1',
    deliveryAttempt: 1,
    batchId: 'b1',
    provider: 'openai',
    model: 'm',
    endpoint: '/v1/chat/completions',
    counts: { total: 1, succeeded: 1, failed: 0 },
    usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
    cost: null,
    results: object,
    errors: object,
    input: object,
    bucketPrefix: '',
    metadata: {},
    table: 'table',
    createdAt: '2026-11-23T10:00:00.000Z',
    finishedAt: '2026-11-23T11:00:00.000Z',
    ...fields,
  };
}
