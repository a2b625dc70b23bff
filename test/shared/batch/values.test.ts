import { describe, expect, it } from 'vitest';
import { outcomeRecordSchema } from '../../../shared/batch/contracts.ts';
import {
  isNoList,
  messageOf,
  NewerSchemaError,
  NO_USABLE_ANSWER,
  ProviderError,
  type ProviderErrorKind,
  RefusedError,
  shortReason,
  UnreadableRecordError,
} from '../../../shared/batch/errors.ts';
import {
  BATCH_ID_PATTERN,
  isSubmissionKey,
  messageBodyKey,
  newKeyPrefix,
  objectKey,
  ownUploadKey,
  rejectionKey,
  submissionKey,
  uploadKey,
} from '../../../shared/batch/ids.ts';
import { answeredOf, hoursOfWindow } from '../../../shared/batch/job.ts';
import {
  type AddMessage,
  addMessageSchema,
  inboxMessageSchema,
  parseS3Url,
} from '../../../shared/batch/messages.ts';
import { newBatch } from '../../../shared/batch/newRecord.ts';
import {
  DEFAULT_POLICY,
  fullJitterMs,
  policySchema,
  policySettingsSchema,
  scalePolicy,
} from '../../../shared/batch/policy.ts';
import { batchSchema } from '../../../shared/batch/record.ts';
import { isSurplus } from '../../../shared/usecases/work/submit.ts';
import { given, NOW } from '../../support/given.ts';

/** Fields of a message that the intake looks up, so that the record holds what they stand for. */
const LOOKED_UP = [
  'schemaVersion',
  'action',
  'batchId',
  'provider',
  'providers',
  'file',
  'requests',
] as const;

describe('a record that cannot be read', () => {
  it('says why, and never by a piece of it', () => {
    const broken = () => JSON.parse('{"metadata": {"a": "secret"');
    let cause: unknown;
    try {
      broken();
    } catch (error) {
      cause = error;
    }
    const error = new UnreadableRecordError('batch b', cause, 'b');
    expect(error.message).toBe('batch b cannot be read: its JSON is broken');
    expect(error.batchId).toBe('b');
    expect(new UnreadableRecordError('lane l', new Error('no such field')).message).toBe(
      'lane l cannot be read: no such field',
    );
  });
});

describe('identifiers', () => {
  it.each(['a', '0', 'a.b-c_d', 'A'.repeat(100)])('take %s for a batch id', (id) => {
    expect(id).toMatch(BATCH_ID_PATTERN);
  });
  it.each(['', '.', '..', 'a/b', '../a', 'ä', 'a b', '-a', '_a', 'a'.repeat(101), 'a\n'])(
    'refuse %o as a batch id',
    (id) => {
      expect(BATCH_ID_PATTERN.test(id)).toBe(false);
    },
  );
  it('make submission keys that are legal at every provider', () => {
    const keyPrefix = newKeyPrefix((max) => max - 1);
    expect(keyPrefix).toBe('bh9999999999999999');
    expect(submissionKey({ keyPrefix, submission: 12 })).toBe('bh9999999999999999-12');
  });
  it('name the objects', () => {
    expect(uploadKey('x')).toBe('uploads/x.jsonl');
    expect(ownUploadKey('x', 't')).toBe('uploads/x/t.jsonl');
    expect(objectKey('x', 't', 'input.jsonl')).toBe('batches/x/t/input.jsonl');
    expect(rejectionKey('inbox/x.jsonl')).toBe('inbox/x.jsonl.rejected.json');
    expect(messageBodyKey('t')).toBe('uploads/messages/t.json');
    expect(parseS3Url('s3://b/k/l.jsonl')).toEqual({ bucket: 'b', key: 'k/l.jsonl' });
    expect(parseS3Url('nonsense')).toEqual({ bucket: '', key: '' });
  });
});

describe('messages', () => {
  it('about the inbox leave room for the name of a rejection', () => {
    const message = (length: number) => ({
      action: 'inbox',
      key: `inbox/${'a'.repeat(length - 'inbox/.jsonl'.length)}.jsonl`,
      etag: 'abc-2',
    });
    expect(inboxMessageSchema.safeParse(message(1010)).success).toBe(true);
    expect(inboxMessageSchema.safeParse(message(1011)).success).toBe(false);
  });
  it('need an id at the least', () => {
    expect(addMessageSchema.parse({ batchId: 'x' })).toEqual({
      action: 'add',
      batchId: 'x',
      priority: 0,
      format: 'openai',
      options: {},
      metadata: {},
    });
  });
  it.each([
    { batchId: 'a/b' },
    { batchId: 7 },
    { file: 'x.jsonl' },
    { file: 's3://bucket' },
    { priority: 500 },
    { notBefore: 'tomorrow' },
    { completionWindow: 'soon' },
    { completionWindow: '0h' },
    { completionWindow: '90m' },
    { requests: [] },
    { endpoint: 'v1/embeddings' },
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) },
    { metadata: { k: 'v'.repeat(513) } },
    { tenant: '' },
    { tenant: 'a#b' },
    { tenant: 't'.repeat(65) },
    { baseUrl: 'https://example.com' },
  ])('refuse %o', (message) => {
    expect(addMessageSchema.safeParse(message).success).toBe(false);
  });
  it('carry everything that they ask for into the record', () => {
    const asked: Required<Omit<AddMessage, (typeof LOOKED_UP)[number]>> = {
      format: 'native',
      endpoint: '/v1/e',
      priority: 7,
      notBefore: '2027-01-01T00:00:00Z',
      maxCost: 5,
      completionWindow: '24h',
      outputLifeSeconds: 3_600,
      options: { outputExpiresAfterSeconds: 3_600 },
      tenant: 'research',
      metadata: { team: 'search' },
    };
    const fields = Object.keys(addMessageSchema.shape);
    expect(Object.keys(asked).sort()).toEqual(
      fields.filter((field) => !LOOKED_UP.some((one) => one === field)).sort(),
    );
    const made = {
      batchId: 'b',
      providers: ['p'] as const,
      source: { bucket: 'b', key: 'k', etag: 'e' },
      keyPrefix: 'bh',
    };
    const message = addMessageSchema.parse({ ...asked, file: 's3://b/k', provider: 'p' });
    const { spec } = batchSchema.parse(newBatch(message, made, DEFAULT_POLICY, NOW));
    expect(spec).toEqual({
      ...{ ...asked, notBefore: Date.parse('2027-01-01T00:00:00Z') },
      providers: ['p'],
      source: made.source,
    });
  });
  it('of an outcome may hold any response', () => {
    const record = {
      requestContext: { condition: 'Success' },
      requestPayload: { batchId: 'b', deliveryId: 'd', deliveryAttempt: 1 },
    };
    for (const responsePayload of [undefined, null, 'done', 7, { errorMessage: 5 }]) {
      expect(outcomeRecordSchema.safeParse({ ...record, responsePayload }).success).toBe(true);
    }
  });
});

describe('backoff', () => {
  const backoff = { baseSeconds: 60, capSeconds: 3600 };
  it.each([
    [0, 0, 0],
    [0, 0.5, 30_000],
    [3, 0.5, 240_000],
    [10, 0.5, 1_800_000],
    [5000, 0.5, 1_800_000],
  ])('after %i failures at chance %f waits %i ms', (failures, random, ms) => {
    expect(fullJitterMs(backoff, failures, random)).toBe(ms);
  });
});

describe('policy', () => {
  it('has the default of every entry that settings leave out', () => {
    expect(policySchema.parse({ maxAttempts: 3 })).toEqual({ ...DEFAULT_POLICY, maxAttempts: 3 });
    expect(policySettingsSchema.parse({ maxAttempts: 3 })).toEqual({ maxAttempts: 3 });
    expect(policySettingsSchema.parse(DEFAULT_POLICY)).toEqual(DEFAULT_POLICY);
  });
  it.each([
    { maxAttempts: 0 },
    { maxAttempts: '3' },
    { windowGraceSeconds: 0 },
    { retryBackoff: { baseSeconds: 1 } },
    { processorTimeoutSeconds: 901 },
    { maxAttempt: 3 },
  ])('refuses %o', (given) => {
    expect(policySchema.safeParse(given).success).toBe(false);
    expect(policySettingsSchema.safeParse(given).success).toBe(false);
  });
  it('shrinks waits, not ages', () => {
    const scaled = scalePolicy(DEFAULT_POLICY, 1 / 30);
    expect(scaled.retryBackoff).toEqual({ baseSeconds: 2, capSeconds: 120 });
    expect(scaled).toMatchObject({ createDeadlineSeconds: 2, leaseMarginSeconds: 1 });
    expect(scaled.maxAgeSeconds).toBe(DEFAULT_POLICY.maxAgeSeconds);
  });
});

describe('reasons', () => {
  it('stay short', () => {
    expect(shortReason('c', 'm'.repeat(1000)).message).toHaveLength(501);
    expect(shortReason('c', 'm', 3)).toEqual({ code: 'c', message: 'm', line: 3 });
  });
  it('come from errors of all sorts', () => {
    expect(messageOf('text')).toBe('text');
    expect(messageOf(new RefusedError(shortReason('c', 'why')))).toBe('why');
    expect(messageOf(new ProviderError('quota', shortReason('c', 'full')))).toBe('quota: c: full');
    expect(messageOf(new NewerSchemaError('the record', 2))).toContain('schemaVersion 2');
  });
});

describe('a job is surplus', () => {
  const job = { id: 'job_1', submission: 1, submittedAt: NOW };
  it.each([
    ['no: the record names it', given('running', { job }), 'job_1', false],
    ['no: it is being collected', given('collecting', { job: undefined }), 'job_1', false],
    ['yes: the record names another for the key', given('running', { job }), 'job_2', true],
    ['yes: its key has been given up', given('queued', { submission: 2 }), 'job_1', true],
    ['no: nothing is known yet', given('queued'), 'job_1', false],
    ['yes: the batch ended without it', given('cancelled', { job: undefined }), 'job_1', true],
  ])('%s', (_, batch, jobId, expected) => {
    expect(isSurplus(batch, 1, jobId)).toBe(expected);
  });
});

it('takes a count of answers only from a whole number above 0', () => {
  expect([7, 0, -1, 1.5, '7', null, undefined].map(answeredOf)).toEqual([7, ...Array(6)]);
});

describe('an answer to a list of jobs', () => {
  const failed = (kind: ProviderErrorKind, code = 'c') =>
    new ProviderError(kind, { code, message: 'm' });

  it.each([
    [true, 'that is no list', failed('transient', NO_USABLE_ANSWER)],
    [true, 'that says there is none', failed('missing')],
    [true, 'that refuses it for good', failed('permanent')],
    [false, 'that may be another one next time', failed('transient')],
    [false, 'that never came', new Error('reset')],
  ])('shows that there is no list: %j, if it is one %s', (expected, _, error) => {
    expect(isNoList(error)).toBe(expected);
  });
});

it.each([
  ['24h', 24],
  ['7d', 168],
])('the completion window %s has %i hours', (window, hours) => {
  expect(hoursOfWindow(window)).toBe(hours);
});

it('only a name of the form that this project gives is a submission key', () => {
  expect(isSubmissionKey(submissionKey({ keyPrefix: 'bh0123456789abcdef', submission: 2 }))).toBe(
    true,
  );
  expect(['bh0123456789abcdef-0', 'bh-1', 'x'].map(isSubmissionKey)).toEqual([false, false, false]);
});
