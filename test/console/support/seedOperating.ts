import type { BatchHandlerClient } from '../../../shared/client/client.ts';
import { createApiKey, revokeApiKey, setDailyBudget } from '../../../shared/operations/apiKeys.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';
import { seedBatch, seedHandler } from './seed.ts';

const MINUTE = 60_000;
const DAY_MS = 24 * 60 * MINUTE;

type Client = Pick<BatchHandlerClient, 'connection'>;

/** Changes the state of a provider entry. */
export async function changeState(
  { connection: { providerStates } }: Client,
  provider: string,
  changes: Partial<ProviderState>,
): Promise<void> {
  const before = await providerStates.get(provider);
  await providerStates.replace({ ...before, ...changes, version: before.version + 1 });
}

/** Puts a message into the dead-letter queue of the batch queue, or of the queue of work. */
export async function seedLetter(
  { connection }: Client,
  queue: 'batch' | 'work',
  { batchId, reason, messageId }: { batchId?: string; reason: string; messageId: string },
): Promise<void> {
  const body = JSON.stringify({ action: 'cancel', batchId });
  await connection.process?.ports.queues.sendDeadLetter(queue, body, reason, messageId);
}

/** A text of a provider that would be a script if anything took it for one. */
export const HOSTILE = '<script>document.title = "taken"</script>';

/**
 * A handler that needs somebody: `claude` is blocked, `gemini` paused, a model of `openai` cools down, a batch
 * is overdue, there are dead letters, and keys of tenants and of none.
 */
export async function seedOperating(client: Client): Promise<void> {
  await seedHandler(client);
  const now = Date.now();
  await seedBatch(client, {
    ...{ batchId: 'stuck-import', status: 'inspecting', age: 3 * 60 * MINUTE },
    changes: { dueAt: now - 120 * MINUTE },
  });
  await changeState(client, 'openai', {
    spent: { day: Math.floor(now / DAY_MS), amount: 46.5 },
    ceilings: {
      'gpt-5-mini': {
        ...{ tokens: 9_500_000, refusedAt: now - 40 * MINUTE, steadySince: now - 40 * MINUTE },
        ...{ accepted: 2, probeAfter: 16, probed: false },
        cooldown: {
          reason: { code: 'token_limit_exceeded', message: `Enqueued token limit. ${HOSTILE}` },
          ...{ since: now - MINUTE, until: now + 9 * MINUTE, refusals: 1, tokens: 6_000_000 },
        },
      },
    },
  });
  await changeState(client, 'gemini', {
    lastCommand: {
      ...{ action: 'pause', by: 'alice', sentAt: now - 30 * MINUTE, messageId: 'm-1' },
      reason: `incident at Google ${HOSTILE}`,
    },
  });
  const unknown = (batchId: string) => ({
    batchId,
    reason: `unknown_batch: there is no batch to cancel: check the batchId ${HOSTILE}`,
  });
  await seedLetter(client, 'batch', { ...unknown('nobody'), messageId: 'letter-1' });
  await seedLetter(client, 'batch', { ...unknown('tickets-2026-11-30'), messageId: 'letter-2' });
  await seedLetter(client, 'batch', {
    ...{ batchId: 'catalog-translations', messageId: 'letter-3' },
    reason: 'invalid_message: priority must be at most 9\nit was 12',
  });
  await seedLetter(client, 'work', { reason: 'AccessDenied: s3:GetObject', messageId: 'letter-4' });
  await seedKeys(client);
}

async function seedKeys({ connection }: Client): Promise<void> {
  const now = Date.now();
  const create = (options: Parameters<typeof createApiKey>[1]) =>
    createApiKey(connection, options, now);
  await create({ name: 'nightly-eval' });
  await create({
    ...{ name: 'support tickets', tenant: 'support', providers: ['openai'], dailyBudget: 20 },
    ...{ requestsPerMinute: 600, expiresAt: now + 90 * DAY_MS },
  });
  await create({ name: `${HOSTILE} of shop`, tenant: 'shop' });
  const { keyId } = await create({ name: 'lost laptop', tenant: 'shop' });
  await revokeApiKey(connection, keyId, now);
  await setDailyBudget(connection, 'research', 5);
}
