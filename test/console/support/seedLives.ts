import { newPart } from '../../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { type Batch, type BatchIn, batchSchema } from '../../../shared/batch/record.ts';
import type { BatchHandlerClient } from '../../../shared/client/client.ts';
import { toItem } from '../../../shared/stores/batchItem.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { seedBatch } from './seed.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** What would run if any text were taken for HTML. */
export const HOSTILE =
  '<script>globalThis.hacked = 1</script>\n<img src=x onerror="hacked=1">"\'&amp;';

type Seeded = Pick<BatchHandlerClient, 'connection'>;

/** A batch in each situation of its life that the screen of one batch shows otherwise. */
export async function seedLives(client: Seeded): Promise<void> {
  const now = Date.now();
  await seedWaiting(client, now);
  await seedBatch(client, {
    batchId: 'runs',
    status: 'running',
    age: 3 * HOUR,
    requests: 48_000,
    changes: {
      ...{ attempt: 2, queuedSince: now - 100 * MINUTE, cost: 1.25 },
      pastJobs: [
        pastJob(1, now - 170 * MINUTE, now - 110 * MINUTE, {
          end: 'expired',
          code: 'batch_expired',
          succeeded: 9_000,
        }),
      ],
      job: {
        ...{ id: 'batch_68f2', submission: 2, submittedAt: now - 90 * MINUTE },
        ...{ acceptedAt: now - 89 * MINUTE, progress: 12_000, progressAt: now - 10 * MINUTE },
      },
      reasons: [
        { code: 'batch_expired', message: 'The job expired.', at: now - 110 * MINUTE, attempt: 1 },
      ],
      spec: { tenant: 'support', maxCost: 40, metadata: { team: 'support', run: 'nightly' } },
    },
  });
  await seedRefused(client, now);
  await seedFailures(client, now);
  await seedParts(client, 'big', 200, now);
  await seedParts(client, 'small', 3, now);
  await seedHostile(client, now);
  await seedUnreadable(client);
}

function pastJob(
  attempt: number,
  submittedAt: number,
  endedAt: number,
  more: Partial<Batch['pastJobs'][number]>,
): Batch['pastJobs'][number] {
  return {
    ...{ id: `batch_old_${attempt}`, provider: 'openai', attempt, submittedAt, endedAt },
    ...{ end: 'completed', requests: 48_000, succeeded: 48_000, ...more },
  };
}

async function seedWaiting(client: Seeded, now: number): Promise<void> {
  await seedBatch(client, {
    batchId: 'waits',
    status: 'queued',
    age: 5 * HOUR,
    requests: 50_000,
    changes: {
      ...{ provider: 'claude', queuedSince: now - 4.9 * HOUR, statusAt: now - 3 * HOUR },
      pastJobs: [
        pastJob(1, now - 3.1 * HOUR, now - 3 * HOUR, {
          end: 'failed',
          code: 'token_limit_exceeded',
          succeeded: 0,
        }),
      ],
      reasons: [
        {
          code: 'token_limit_exceeded',
          message: 'Enqueued token limit reached.',
          at: now - 3 * HOUR,
          attempt: 1,
        },
      ],
      spec: { providers: ['claude'] },
    },
  });
  const { providerStates } = client.connection;
  const claude = await providerStates.get('claude');
  await providerStates.replace({
    ...claude,
    version: claude.version + 1,
    hold: {
      kind: 'account',
      reason: { code: 'billing', message: 'Your credit balance is too low.' },
      ...{ since: now - 50 * MINUTE, until: now + 10 * MINUTE, refusals: 3 },
    },
  });
}

async function seedRefused(client: Seeded, now: number): Promise<void> {
  await seedBatch(client, {
    batchId: 'refused',
    status: 'failed',
    age: 2 * HOUR,
    changes: {
      ...{ input: undefined, rows: undefined, delivery: undefined, job: undefined, pastJobs: [] },
      ...{
        endedAt: now - 2 * HOUR + MINUTE,
        statusAt: now - 2 * HOUR + MINUTE,
        attempt: 0,
        cost: 0,
      },
      counts: { total: 0, succeeded: 0, failed: 0, unfinished: 0 },
      inputErrorsKey: 'batches/refused/seed/input-errors.jsonl',
      inputProblems: {
        total: 213,
        groups: [
          {
            count: 200,
            code: 'duplicate_custom_id',
            message: 'custom_id "a" is there twice',
            isVaried: true,
            lines: [3, 9, 12_001],
          },
          { count: 1, code: 'empty_line', message: 'the file ends without a line', lines: [] },
        ],
        other: 12,
      },
    },
  });
}

async function seedFailures(client: Seeded, now: number): Promise<void> {
  const endedAt = now - HOUR;
  await seedBatch(client, {
    batchId: 'tickets',
    status: 'completed',
    age: 6 * HOUR,
    rows: Array.from({ length: 40 }, (_, index) => {
      const customId = `ticket-${index + 1}`;
      const prompt = `Classify ticket ${index + 1}.`;
      const error = { code: 'content_policy', message: 'It was refused.', status: 400 };
      return index % 10 === 6
        ? { customId, prompt, error }
        : { customId, prompt, answer: 'billing' };
    }),
    changes: {
      ...{ endedAt, statusAt: endedAt, attempt: 2 },
      counts: { total: 40, succeeded: 36, failed: 4, unfinished: 0 },
      failureGroups: [
        { count: 3, code: 'content_policy', status: 400, example: 'ticket-7' },
        { count: 1, code: 'output_missing', example: 'ticket-17' },
      ],
      pastJobs: [
        pastJob(1, now - 5.8 * HOUR, now - 4 * HOUR, {
          end: 'expired',
          code: 'batch_expired',
          requests: 40,
          succeeded: 30,
        }),
        pastJob(2, now - 3 * HOUR, now - 1.2 * HOUR, { requests: 10, succeeded: 6 }),
      ],
      reasons: [
        { code: 'batch_expired', message: 'The job expired.', at: now - 4 * HOUR, attempt: 1 },
      ],
      delivery: {
        ...{ number: 1, attempt: 1, invocations: 1, pending: false },
        ...{ startedAt: endedAt - 5 * MINUTE, endedAt },
      },
    },
  });
}

const PART = { requests: 500, estimatedTokens: 60_000 };

/** A batch whose record cannot be read. */
async function seedUnreadable(client: Seeded): Promise<void> {
  const batch = await seedBatch(client, { batchId: 'broken', status: 'running', age: HOUR });
  const layout = { ...DEFAULT_POLICY, partitions: { due: 4, active: 1 } };
  const next = { ...toItem(batch, layout), version: batch.version + 1, writeToken: 'broken' };
  const item = { ...next, record: '{"keyPrefix":"bh0123456789abcdef"' };
  const { version, schemaVersion } = batch;
  await client.connection.items.put(item, { is: 'version', version, schemaVersion });
}

/** A batch in so many parts: of ten, six run, two have completed, one has failed, and one waits. */
async function seedParts(
  client: Seeded,
  batchId: string,
  count: number,
  now: number,
): Promise<void> {
  const parts = Array.from({ length: count }, (_, index) => ({
    start: index * 100,
    end: index * 100 + 100,
    ...PART,
  }));
  const total = count * PART.requests;
  const parent = (await seedBatch(client, {
    ...{ batchId, status: 'split', age: 2 * HOUR, requests: total },
    changes: {
      statusAt: now - 2 * HOUR + 2 * MINUTE,
      input: {
        ...{
          key: `batches/${batchId}/seed/input.jsonl`,
          bytes: count * 100,
          requests: total,
          parts,
        },
        ...{ estimatedTokens: total * 120, endpoint: '/v1/chat/completions', model: 'gpt-5-mini' },
        ...{ estimatedCost: total * 0.0004, inspectedAt: now - 2 * HOUR + 2 * MINUTE },
      },
    },
  })) as BatchIn<'split'>;
  const store = batchStore(client.connection.items, DEFAULT_POLICY);
  for (const [index, slice] of parts.entries()) {
    const number = index + 1;
    const keyPrefix = `bh${number.toString(36).padStart(16, '0')}`;
    const part = newPart(parent, { number, slice, keyPrefix }, now - 110 * MINUTE);
    await store.create(batchSchema.parse({ ...part, ...partLife(index, now) }));
  }
}

function partLife(index: number, now: number): object {
  const job = { id: `batch_part_${index}`, submission: 1, submittedAt: now - 100 * MINUTE };
  const rows = {
    results: `batches/x/${index}/results.jsonl`,
    errors: `batches/x/${index}/errors.jsonl`,
  };
  const { requests: total } = PART;
  const endedAt = now - 20 * MINUTE;
  const past = { requests: total, succeeded: index % 10 === 3 ? 0 : total };
  const pastJobs = [pastJob(1, job.submittedAt, endedAt - MINUTE, past)];
  const ended = { attempt: 1, job, rows, pastJobs, endedAt, statusAt: endedAt };
  if (index % 10 === 1 || index % 10 === 2)
    return {
      ...ended,
      status: 'completed',
      counts: { total, succeeded: total, failed: 0, unfinished: 0 },
    };
  if (index % 10 === 3)
    return {
      ...{
        ...ended,
        status: 'failed',
        counts: { total, succeeded: 0, failed: total, unfinished: 0 },
      },
      failureGroups: [{ count: total, code: 'invalid_value', status: 400, example: `r-${index}` }],
    };
  if (index % 10 === 4) return {};
  const progress = {
    ...job,
    acceptedAt: now - 99 * MINUTE,
    progress: 40 * (index % 10),
    progressAt: now - MINUTE,
  };
  return { status: 'running', dueAt: now, attempt: 1, job: progress, statusAt: now - 100 * MINUTE };
}

async function seedHostile(client: Seeded, now: number): Promise<void> {
  await seedBatch(client, {
    batchId: 'hostile',
    status: 'failed',
    age: 2 * HOUR,
    model: HOSTILE,
    changes: {
      endedAt: now - HOUR,
      failureGroups: [{ count: 3, code: HOSTILE.slice(0, 60), status: 400, example: HOSTILE }],
      pastJobs: [
        pastJob(1, now - 1.9 * HOUR, now - 1.2 * HOUR, {
          end: 'failed',
          id: HOSTILE,
          provider: HOSTILE,
          code: HOSTILE,
        }),
      ],
      reasons: [{ code: HOSTILE, message: HOSTILE, at: now - 1.2 * HOUR, attempt: 1 }],
      inputProblems: {
        total: 1,
        groups: [{ count: 1, code: HOSTILE, message: HOSTILE, lines: [1] }],
        other: 0,
      },
      spec: { metadata: { [HOSTILE.slice(0, 60)]: HOSTILE } },
    },
  });
}
