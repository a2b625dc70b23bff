import { Readable } from 'node:stream';
import { costOf, type Price } from '../../../shared/batch/cost.ts';
import type { Failures } from '../../../shared/batch/failures.ts';
import { addMessageSchema } from '../../../shared/batch/messages.ts';
import { newBatch } from '../../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { type Batch, type BatchIn, batchSchema } from '../../../shared/batch/record.ts';
import { isEnded, type Status } from '../../../shared/batch/status.ts';
import type { BatchHandlerClient } from '../../../shared/client/client.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import type { Changes } from '../../support/given.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A request and its answer, as they are in the files of a batch. */
interface SeededRow {
  readonly customId: string;
  readonly prompt: string;
  readonly answer?: string;
  /** Its error, if it has no answer. */
  readonly error?: { readonly code: string; readonly message: string; readonly status?: number };
}

interface SeededBatch {
  readonly batchId: string;
  readonly status: Status;
  /** How long ago it was added, in milliseconds. */
  readonly age: number;
  readonly model?: string;
  readonly requests?: number;
  readonly changes?: Changes;
  /** What its files hold. Default: it has none. */
  readonly rows?: readonly SeededRow[];
}

type Seeded = Pick<BatchHandlerClient, 'connection'>;

/** Puts a batch into a handler as if it had come that far. */
export async function seedBatch({ connection }: Seeded, batch: SeededBatch): Promise<Batch> {
  const now = Date.now();
  const { batchId, status, age, model = 'gpt-5-mini', requests = 1_000, changes = {} } = batch;
  const { rows = [] } = batch;
  const createdAt = now - age;
  const { bucket } = connection.objects;
  const spec = { bucket, key: `uploads/${batchId}.jsonl`, etag: 'e' };
  const prefix = `batches/${batchId}/seed`;
  const made = newBatch(
    addMessageSchema.parse({ batchId, metadata: changes.spec?.metadata ?? {} }),
    {
      batchId,
      providers: [changes.provider ?? 'openai'],
      source: spec,
      keyPrefix: keyPrefixOf(batchId),
    },
    DEFAULT_POLICY,
    createdAt,
  );
  const total = rows.length || requests;
  const record = batchSchema.parse({
    ...made,
    version: 3,
    status,
    previousStatus: isEnded(status) ? 'delivering' : 'inspecting',
    statusAt: createdAt + Math.min(age / 2, HOUR),
    queuedSince: createdAt + MINUTE,
    ...usual(status, { now, createdAt, total, model, prefix }),
    ...changes,
    spec: { ...made.spec, ...changes.spec },
  });
  for (const [key, lines] of filesOf(prefix, model, rows))
    await connection.objects.upload(key, Readable.from([Buffer.from(lines)]));
  await batchStore(connection.items, DEFAULT_POLICY).create(record);
  return record;
}

let made = 0;
/** 16 characters of a-z0-9, as those of a record. */
function keyPrefixOf(batchId: string): string {
  made += 1;
  return `bh${(made.toString(36) + batchId.toLowerCase().replaceAll(/[^a-z0-9]/g, '') + 'x'.repeat(16)).slice(0, 16)}`;
}

interface Moment {
  readonly now: number;
  readonly createdAt: number;
  readonly total: number;
  readonly model: string;
  readonly prefix: string;
}

/** Half of the list prices, in USD per million tokens. */
const PRICES: Readonly<Record<string, Price>> = {
  'gpt-5-mini': { input: 0.125, output: 1 },
  'claude-haiku-4-5': { input: 0.5, output: 2.5 },
  'gemini-2.5-flash': { input: 0.15, output: 1.25 },
  'text-embedding-3-small': { input: 0.01, output: 0 },
};

/** What a record in a status usually holds. */
function usual(status: Status, { now, createdAt, total, model, prefix }: Moment): object {
  const submittedAt = createdAt + 5 * MINUTE;
  const price = PRICES[model] ?? { input: 0.125, output: 1 };
  const input = {
    ...{ key: `${prefix}/input.jsonl`, bytes: total * 400, requests: total },
    ...{ estimatedTokens: total * 120, endpoint: '/v1/chat/completions', model },
    ...{ maxOutputTokens: total * 200, price },
    estimatedCost: costOf({ inputTokens: total * 120, outputTokens: total * 200 }, price),
    inspectedAt: createdAt + MINUTE,
  };
  const job = { id: `batch_${prefix.slice(8, 20)}`, submission: 1, submittedAt };
  const unfinished = { total, succeeded: 0, failed: 0, unfinished: total };
  const finished = { total, succeeded: total - 3, failed: 3, unfinished: 0 };
  const rows = { results: `${prefix}/results.jsonl`, errors: `${prefix}/errors.jsonl` };
  const endedAt = Math.min(now, submittedAt + 2 * HOUR);
  const past = {
    ...{ id: job.id, provider: 'openai', attempt: 1, submittedAt, endedAt: endedAt - 2 * MINUTE },
    ...{ end: 'completed', requests: total, succeeded: total - 3 },
  };
  const delivery = {
    ...{ number: 1, attempt: 1, invocations: 1, pending: false, startedAt: endedAt - MINUTE },
    ...(isEnded(status) && { endedAt }),
  };
  const usage = {
    inputTokens: total * 118,
    outputTokens: total * 92,
    totalTokens: total * 210,
  };
  const done = { attempt: 1, pastJobs: [past], usage, cost: costOf(usage, price), rows };
  const waiting = { input, counts: unfinished };
  const ended = {
    ...done,
    dueAt: undefined,
    endEventSent: true,
    input,
    job,
    counts: finished,
    delivery,
    endedAt,
  };
  const all: { readonly [S in Status]: Partial<BatchIn<S>> | object } = {
    inspecting: { dueAt: now },
    queued: waiting,
    split: { ...waiting, dueAt: now, input: { ...input, parts: [] } },
    submitting: { ...waiting, dueAt: now },
    running: {
      ...waiting,
      ...{ dueAt: now, attempt: 1 },
      job: {
        ...{ ...job, acceptedAt: submittedAt + MINUTE, progress: Math.floor(total * 0.4) },
        progressAt: now - MINUTE,
      },
    },
    collecting: { ...waiting, dueAt: now, job, attempt: 1, outcome: { kind: 'completed' } },
    delivering: { ...done, input, job, dueAt: now, counts: finished, delivery },
    retrying: { ...done, input, dueAt: now, resumeAt: now + 5 * MINUTE, counts: unfinished },
    completed: ended,
    failed: ended,
    cancelled: ended,
  };
  return all[status];
}

function filesOf(
  prefix: string,
  model: string,
  rows: readonly SeededRow[],
): readonly (readonly [string, string])[] {
  if (rows.length === 0) return [];
  const lines = (some: readonly object[]) =>
    some.map((each) => `${JSON.stringify(each)}\n`).join('');
  return [
    [`${prefix}/input.jsonl`, lines(rows.map((row) => requestOf(row, model)))],
    [
      `${prefix}/results.jsonl`,
      lines(rows.filter(({ error }) => !error).map((row) => resultOf(row, model))),
    ],
    [`${prefix}/errors.jsonl`, lines(rows.filter(({ error }) => error).map(errorOf))],
  ];
}

function requestOf({ customId, prompt }: SeededRow, model: string): object {
  const body = { model, messages: [{ role: 'user', content: prompt }] };
  return { custom_id: customId, method: 'POST', url: '/v1/chat/completions', body };
}

function resultOf({ customId, answer = '' }: SeededRow, model: string): object {
  const choices = [
    { index: 0, message: { role: 'assistant', content: answer }, finish_reason: 'stop' },
  ];
  const usage = { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 };
  const body = { id: `chatcmpl-${customId}`, object: 'chat.completion', model, choices, usage };
  const response = { status_code: 200, request_id: `req_${customId}`, body };
  return { id: `batch_req_${customId}`, custom_id: customId, response, error: null };
}

function errorOf({ customId, error }: SeededRow): object {
  const { code, message, status } = error ?? { code: 'unknown', message: '' };
  const response =
    status === undefined
      ? null
      : { status_code: status, request_id: `req_${customId}`, body: { error: { code, message } } };
  return { id: `batch_req_${customId}`, custom_id: customId, response, error: { code, message } };
}

const FAILED: Failures['groups'] = [
  { count: 2, code: 'content_policy', status: 400, example: 'ticket-00017' },
  { count: 1, code: 'context_length_exceeded', status: 400, example: 'ticket-00203' },
];

/** Rows of a batch with a few failures. */
function ticketRows(count: number): readonly SeededRow[] {
  return Array.from({ length: count }, (_, index) => {
    const customId = `ticket-${String(index + 1).padStart(5, '0')}`;
    const prompt = `Classify the support ticket number ${index + 1}: "My invoice shows a wrong address."`;
    if (index % 100 === 16)
      return {
        ...{ customId, prompt },
        error: { code: 'content_policy', message: 'The prompt was refused.', status: 400 },
      };
    return { customId, prompt, answer: `billing, urgency ${(index % 5) + 1}` };
  });
}

/** A handler with something of everything: batches in each status, providers in each state. */
export async function seedHandler(client: Seeded): Promise<void> {
  const seed = (batch: SeededBatch) => seedBatch(client, batch);
  const job = (id: string, end: string, code?: string) => ({ id, end, ...(code ? { code } : {}) });
  await seed({
    batchId: 'tickets-2026-11-30',
    status: 'completed',
    age: 20 * HOUR,
    rows: ticketRows(300),
    changes: {
      failureGroups: FAILED,
      spec: { tenant: 'support', metadata: { team: 'support', run: 'nightly' } },
    },
  });
  await seed({
    batchId: 'tickets-2026-12-01',
    status: 'running',
    age: 95 * MINUTE,
    requests: 48_000,
    changes: { spec: { tenant: 'support', metadata: { team: 'support', run: 'nightly' } } },
  });
  await seed({
    batchId: 'catalog-translations',
    status: 'queued',
    age: 3 * HOUR,
    requests: 50_000,
    changes: {
      reasons: [
        {
          code: 'token_limit_exceeded',
          message:
            'Enqueued token limit reached for gpt-5-mini in organization org-example. Limit: 2,000,000 enqueued tokens.',
          at: Date.now() - 40 * MINUTE,
          attempt: 0,
        },
      ],
      pastJobs: [
        {
          ...job('batch_refused', 'failed', 'token_limit_exceeded'),
          provider: 'openai',
          attempt: 0,
          submittedAt: Date.now() - 2 * HOUR,
          endedAt: Date.now() - 2 * HOUR + 3 * MINUTE,
          requests: 50_000,
          succeeded: 0,
        } as Batch['pastJobs'][number],
      ],
      spec: { tenant: 'shop', metadata: { team: 'catalog' } },
    },
  });
  await seed({
    batchId: 'reviews-claude',
    status: 'queued',
    age: 70 * MINUTE,
    model: 'claude-haiku-4-5',
    requests: 12_000,
    changes: { provider: 'claude', spec: { providers: ['claude'], metadata: { team: 'reviews' } } },
  });
  await seed({
    batchId: 'evals-gemini',
    status: 'retrying',
    age: 5 * HOUR,
    model: 'gemini-2.5-flash',
    requests: 2_500,
    changes: {
      provider: 'gemini',
      attempt: 1,
      reasons: [
        {
          code: 'batch_expired',
          message: 'The job expired before all of its requests were finished.',
          at: Date.now() - 10 * MINUTE,
          attempt: 1,
        },
      ],
      spec: { providers: ['gemini'], metadata: { team: 'evals' } },
    },
  });
  await seed({ batchId: 'new-upload', status: 'inspecting', age: MINUTE });
  await seed({
    batchId: 'embeddings-docs',
    status: 'delivering',
    age: 4 * HOUR,
    model: 'text-embedding-3-small',
    requests: 9_000,
  });
  await seed({
    batchId: 'old-import',
    status: 'failed',
    age: 30 * HOUR,
    changes: {
      rows: undefined,
      endedAt: Date.now() - 29 * HOUR,
      delivery: undefined,
      reasons: [
        {
          code: 'invalid_requests',
          message: 'line 3: custom_id "a" is there twice, first in line 1',
          line: 3,
          at: Date.now() - 29 * HOUR,
          attempt: 0,
        },
      ],
      counts: { total: 0, succeeded: 0, failed: 0, unfinished: 0 },
      pastJobs: [],
      cost: 0,
      attempt: 0,
      inputProblems: {
        total: 2,
        groups: [
          {
            count: 2,
            code: 'duplicate_custom_id',
            message: 'custom_id is there twice',
            lines: [3, 9],
          },
        ],
        other: 0,
      } as never,
    },
  });
  await seed({ batchId: 'wrong-prompt', status: 'cancelled', age: 26 * HOUR });
  for (let day = 1; day <= 14; day++)
    await seed({
      batchId: `nightly-${String(day).padStart(2, '0')}`,
      status: 'completed',
      age: day * 24 * HOUR + (day % 5) * HOUR,
      requests: 2_000 + 700 * (day % 4),
      model: day % 3 === 0 ? 'claude-haiku-4-5' : 'gpt-5-mini',
      changes: {
        provider: day % 3 === 0 ? 'claude' : 'openai',
        spec: {
          providers: [day % 3 === 0 ? 'claude' : 'openai'],
          tenant: day % 2 ? 'support' : 'shop',
          metadata: { team: day % 2 ? 'support' : 'catalog' },
        },
      },
    });
  await seedProviders(client);
}

/** `claude` is blocked, `openai` has learned a limit. */
async function seedProviders({ connection }: Seeded): Promise<void> {
  const now = Date.now();
  const { providerStates } = connection;
  const claude = await providerStates.get('claude');
  await providerStates.replace({
    ...claude,
    version: claude.version + 1,
    hold: {
      kind: 'account',
      reason: {
        code: 'billing',
        message: 'Your credit balance is too low to access the Anthropic API.',
      },
      since: now - 50 * MINUTE,
      until: now + 10 * MINUTE,
      refusals: 3,
    },
  });
}
