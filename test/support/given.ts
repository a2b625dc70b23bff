import type { Slice } from '../../shared/batch/input.ts';
import { decide } from '../../shared/batch/lifecycle/decide.ts';
import type { Decision, DecisionContext } from '../../shared/batch/lifecycle/decision.ts';
import type { BatchEvent, EventOf, EventType } from '../../shared/batch/lifecycle/events.ts';
import { addMessageSchema, s3Url } from '../../shared/batch/messages.ts';
import { newBatch } from '../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import { problemOf } from '../../shared/batch/problems.ts';
import {
  type Batch,
  type BatchFields,
  type BatchIn,
  batchSchema,
} from '../../shared/batch/record.ts';
import type { Spec } from '../../shared/batch/spec.ts';
import { isEnded, type Status } from '../../shared/batch/status.ts';

/** A fixed present, so that tests read as distances from it. */
export const NOW = 1_800_000_000_000;
const moment: DecisionContext = { policy: DEFAULT_POLICY, now: NOW, random: 0.5 };

export const LIVE = { token: 'mine', leaseUntil: NOW + 60_000, intentAt: NOW - 1000 };
export const EXPIRED = { token: 'mine', leaseUntil: NOW - 1, intentAt: NOW - 1000 };

export const INPUT = {
  ...{ key: 'batches/b1/t/input.jsonl', bytes: 100, requests: 10, estimatedTokens: 25 },
  ...{ endpoint: '/v1/embeddings', model: 'm' },
};
export const SLICES: Slice[] = [
  { start: 0, end: 50, requests: 5, estimatedTokens: 12 },
  { start: 50, end: 100, requests: 5, estimatedTokens: 13 },
];
export const ROWS = { results: 'batches/b1/t/results.jsonl', errors: 'batches/b1/t/errors.jsonl' };

/** What a record usually holds when it is in a status. */
const USUAL: { readonly [S in Status]: Partial<BatchIn<S>> } = usual();

function usual(): { readonly [S in Status]: Partial<BatchIn<S>> } {
  const counts = { total: 10, succeeded: 0, failed: 0, unfinished: 10 };
  const half = { total: 10, succeeded: 5, failed: 5, unfinished: 0 };
  const inspected = { input: INPUT, counts };
  const job = { id: 'job_1', submission: 1, submittedAt: NOW - 1000 };
  const delivery = { number: 1, attempt: 1, invocations: 1, pending: true };
  const outcome = { kind: 'completed' as const, jobId: 'job_1', files: ['f1'] };
  const ended = { input: INPUT, job, attempt: 1, rows: ROWS, counts: half, delivery, endedAt: NOW };
  return {
    inspecting: {},
    queued: inspected,
    split: { input: { ...INPUT, parts: SLICES }, counts },
    submitting: inspected,
    running: { ...inspected, job: { ...job, acceptedAt: NOW - 500 }, attempt: 1 },
    collecting: { ...inspected, job, attempt: 1, outcome },
    delivering: { input: INPUT, job, attempt: 1, rows: ROWS, counts: half, delivery },
    retrying: { ...inspected, attempt: 1, submission: 2, rows: ROWS, resumeAt: NOW },
    completed: ended,
    failed: ended,
    cancelled: ended,
  };
}

/** Fields to set in a record; `undefined` removes one. Of the spec, only those that differ. */
export type Changes = Partial<Omit<BatchFields, 'spec'>> & { readonly spec?: Partial<Spec> };

/** A record in a status, with every field of every status in its type. */
export type Given<S extends Status = Status> = BatchIn<S> & BatchFields;

/** A valid record in a status, due now, with some values changed; `undefined` removes one. */
export function given<S extends Status>(status: S, { spec, ...changes }: Changes = {}): Given<S> {
  const message = addMessageSchema.parse({ batchId: 'b1' });
  const source = { bucket: 'bucket', key: 'uploads/b1.jsonl', etag: 'e' };
  const made = {
    batchId: 'b1',
    providers: ['openai'] as const,
    source,
    keyPrefix: 'bh0123456789abcdef',
  };
  const batch = newBatch(message, made, DEFAULT_POLICY, NOW - 3_600_000);
  return batchSchema.parse({
    ...batch,
    version: 7,
    status,
    previousStatus: isEnded(status) ? 'delivering' : 'queued',
    dueAt: NOW,
    ...USUAL[status],
    ...changes,
    spec: { ...batch.spec, ...spec },
  }) as Given<S>;
}

/** One plausible event of each type, as the holder of the claim `mine` would send it. */
export const EVENTS: { readonly [T in EventType]: EventOf<T> } = {
  due: { type: 'due' },
  inputRemoved: { type: 'inputRemoved' },
  admitted: { type: 'admitted' },
  requeued: { type: 'requeued', version: 7 },
  claimed: { type: 'claimed', work: 'inspecting', claim: { token: 'new', leaseUntil: NOW + 9 } },
  workFailed: { type: 'workFailed', token: 'mine', reason: { code: 'c', message: 'm' } },
  inspected: { type: 'inspected', token: 'mine', input: { ...INPUT, endpoint: '/v1/e' } },
  partsEnded: { type: 'partsEnded', retries: 0 },
  inputRefused: {
    type: 'inputRefused',
    token: 'mine',
    reasons: [{ code: 'empty_file', message: 'm' }],
    problems: problemOf({ code: 'empty_file', message: 'm' }),
    errorsKey: 'batches/b1/t/input-errors.jsonl',
  },
  submitted: { type: 'submitted', job: { id: 'job_1', submission: 1, submittedAt: NOW } },
  submitRefused: {
    type: 'submitRefused',
    token: 'mine',
    refusal: 'permanent',
    reason: { code: 'invalid_request', message: 'm' },
  },
  sliced: {
    type: 'sliced',
    token: 'mine',
    parts: [
      { start: 0, end: 500, requests: 5, estimatedTokens: 50 },
      { start: 500, end: 1000, requests: 5, estimatedTokens: 50 },
    ],
    reason: { code: 'split_to_limit', message: 'm' },
  },
  submitUncertain: { type: 'submitUncertain', token: 'mine', reason: { code: 'c', message: 'm' } },
  jobAbsent: { type: 'jobAbsent', token: 'mine' },
  jobUnconfirmed: { type: 'jobUnconfirmed', token: 'mine', why: 'no list', isContinued: false },
  jobChecked: {
    type: 'jobChecked',
    jobId: 'job_1',
    job: { state: 'running' },
    timing: { completionHours: 24, progressHours: 24 },
  },
  collected: {
    type: 'collected',
    token: 'mine',
    rows: ROWS,
    counts: { total: 10, succeeded: 6, failed: 0, unfinished: 4 },
    failureGroups: [{ count: 4, code: 'batch_expired', example: 'r7', isUnfinished: true }],
    usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
  },
  delivered: { type: 'delivered', deliveryId: 'bh0123456789abcdef-delivery-1' },
  deliveryFailed: {
    type: 'deliveryFailed',
    deliveryId: 'bh0123456789abcdef-delivery-1',
    deliveryAttempt: 1,
    reason: { code: 'processor_failed', message: 'm' },
  },
  cancelSent: { type: 'cancelSent', jobId: 'job_1' },
  cancelRequested: { type: 'cancelRequested', messageId: 'message-1' },
  retryRequested: { type: 'retryRequested', messageId: 'message-1' },
  redeliverRequested: { type: 'redeliverRequested', messageId: 'message-1' },
  endEventSent: { type: 'endEventSent', statusAt: NOW - 3_600_000 },
  filesDeleted: { type: 'filesDeleted', jobIds: ['job_1'], leftoversUpTo: 1 },
};

export function when(batch: Batch, event: BatchEvent, at: Partial<DecisionContext> = {}): Decision {
  return decide(batch, event, { ...moment, ...at });
}

/** The record that a decision writes; throws if it writes none. */
export function next(decision: Decision): Given {
  if (decision.type === 'changed') return decision.batch;
  throw new Error(`nothing is written: ${JSON.stringify(decision)}`);
}

/** The types of a decision's effects. */
export function effects(decision: Decision): string[] {
  return 'effects' in decision ? decision.effects.map((effect) => effect.type) : [];
}

/** The place of a handler's objects, as a client describes them. */
export const OBJECTS = { bucket: 'bucket', locationOf: s3Url };
