import { addMessageSchema } from '../shared/batch/messages.ts';
import { newBatch } from '../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../shared/batch/policy.ts';
import { type Batch, type BatchFields, batchSchema } from '../shared/batch/record.ts';
import type { Spec } from '../shared/batch/spec.ts';
import type { Status } from '../shared/batch/status.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';

/** A fixed present. */
export const NOW = 1_800_000_000_000;

const INPUT = {
  ...{ key: 'batches/b1/t/input.jsonl', bytes: 100, requests: 7, estimatedTokens: 70 },
  ...{ endpoint: '/v1/embeddings', model: 'm', maxOutputTokens: 9 },
};
/** An input whose requests name no model. */
export const UNNAMED = omitUndefined({ ...INPUT, model: undefined });
const ROWS = { results: 'batches/b1/t/results.jsonl', errors: 'batches/b1/t/errors.jsonl' };
export const JOB = { id: 'job_1', submission: 1, submittedAt: NOW };

/** What a record must hold to be in a status. */
const LEAST: { readonly [S in Status]?: Partial<BatchFields> } = {
  split: { input: { ...INPUT, parts: [] } },
  running: { job: JOB },
  collecting: { outcome: { kind: 'completed', files: [] } },
  delivering: {
    rows: ROWS,
    delivery: { number: 1, attempt: 1, invocations: 1, pending: true },
  },
  retrying: { resumeAt: NOW },
  completed: { endedAt: NOW, rows: ROWS, dueAt: undefined },
  failed: { endedAt: NOW },
  cancelled: { endedAt: NOW },
};

type Changes = Partial<Omit<BatchFields, 'spec'>> & { readonly spec?: Partial<Spec> };

/** A valid record with some values changed; `undefined` removes one. Default: batch `b1`, being inspected. */
export function sampleBatch({ spec, ...changes }: Changes = {}): Batch {
  const made = {
    batchId: 'b1',
    providers: ['openai'] as const,
    source: { bucket: 'bucket', key: 'uploads/b1.jsonl', etag: '"etag"' },
    keyPrefix: 'bh0123456789abcdef',
  };
  const batch = newBatch(addMessageSchema.parse({}), made, DEFAULT_POLICY, NOW);
  const { status } = changes;
  const least = status === undefined ? {} : { input: INPUT, ...LEAST[status] };
  return batchSchema.parse({ ...batch, ...least, ...changes, spec: { ...batch.spec, ...spec } });
}

/** Numbered ids: `b000`, `b001` and so on. */
export function numbered(count: number, prefix = 'b'): string[] {
  return Array.from({ length: count }, (_, index) => prefix + String(index).padStart(3, '0'));
}

/** The record of the next version, as another write makes it. */
export function nextOf(batch: Batch, sends: number): Batch {
  return { ...batch, version: batch.version + 1, sends };
}
