import { addMessageSchema } from '../../shared/batch/messages.ts';
import { newBatch } from '../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import { type Batch, batchSchema } from '../../shared/batch/record.ts';

/** A valid record, as intake makes it, with some fields replaced. */
export function aBatch(overrides: Partial<Batch> = {}): Batch {
  const message = addMessageSchema.parse({});
  const made = {
    batchId: 'b1',
    providers: ['openai'] as const,
    source: { bucket: 'bucket', key: 'uploads/b1.jsonl', etag: '"etag"' },
    keyPrefix: 'bh0123456789abcdef',
  };
  return batchSchema.parse({
    ...newBatch(message, made, DEFAULT_POLICY, 1_800_000_000_000),
    ...overrides,
  });
}
