import { addMessageSchema } from '../../shared/batch/messages.ts';
import { newBatch } from '../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import { batchSchema } from '../../shared/batch/record.ts';
import type { Status } from '../../shared/batch/status.ts';
import { type Changes, type Given, INPUT, NOW, ROWS } from './given.ts';

/** What a record must hold to be in a status, and nothing more. */
const LEAST: { readonly [S in Status]?: Changes } = {
  split: { input: { ...INPUT, parts: [] } },
  running: { job: { id: 'job_1', submission: 1, submittedAt: NOW } },
  collecting: { outcome: { kind: 'completed', files: [] } },
  delivering: {
    rows: ROWS,
    delivery: { number: 1, attempt: 1, invocations: 1, pending: true },
  },
  retrying: { resumeAt: NOW },
  completed: { endedAt: NOW, rows: ROWS },
  failed: { endedAt: NOW },
  cancelled: { endedAt: NOW },
};

/** A valid record, as the intake makes it, with some fields replaced. Default status: inspecting. */
export function aBatch<S extends Status = 'inspecting'>({
  status,
  spec,
  ...changes
}: Omit<Changes, 'status'> & { readonly status?: S } = {}): Given<S> {
  const message = addMessageSchema.parse({});
  const prepared = {
    batchId: 'b1',
    providers: ['openai'] as const,
    source: { bucket: 'bucket', key: 'uploads/b1.jsonl', etag: '"etag"' },
    keyPrefix: 'bh0123456789abcdef',
  };
  const batch = newBatch(message, prepared, DEFAULT_POLICY, NOW);
  const least = status === undefined ? {} : { status, input: INPUT, ...LEAST[status] };
  return batchSchema.parse({
    ...batch,
    ...least,
    ...changes,
    spec: { ...batch.spec, ...spec },
  }) as Given<S>;
}
