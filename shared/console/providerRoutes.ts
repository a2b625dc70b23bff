import { Hono } from 'hono';
import * as z from 'zod';
import type { Limits } from '../batch/job.ts';
import type { BatchHandlerClient } from '../client/client.ts';
import type { ProviderInfo } from '../client/providerInfo.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { valid } from './failure.ts';
import type { ScreenPorts } from './ports.ts';

/** A provider entry with its settings. */
export interface ProviderRow extends ProviderInfo {
  /** Kind of provider, such as `openai`. Absent if the entry was removed. */
  readonly kind?: string;
  /** Those that are known. */
  readonly limits: Partial<Limits>;
  /** Whether this server can store a key of the entry: `program` gives the handler its keys itself. */
  readonly key: 'secret' | 'program';
}

/** What has become of a new key. */
export interface StoredKey {
  readonly provider: string;
  /** False if the entry stays paused, because somebody has paused it. */
  readonly isResumed: boolean;
}

const MAX_REASON_LENGTH = 500;

const entrySchema = z.object({ provider: z.string() });
const pauseSchema = z.object({ reason: z.string().trim().max(MAX_REASON_LENGTH).optional() });
/** Nothing else is asked of it here, so that no text about what is wrong can quote it. */
const keySchema = z.object({ key: z.string() });

export function providerRoutes({ client, hub, ended: signal }: ScreenPorts) {
  const changed = () => hub.tell({ type: 'changed', what: 'providers' });
  return new Hono()
    .get('/providers', async (context) => {
      const infos = await client.providers();
      return context.json<readonly ProviderRow[]>(infos.map((info) => providerRow(client, info)));
    })
    .post(
      '/providers/:provider/pause',
      valid('param', entrySchema),
      valid('json', pauseSchema),
      async (context) => {
        const { provider } = context.req.valid('param');
        const { reason } = context.req.valid('json');
        await client
          .pauseProvider(provider, { reason: reason || undefined, signal })
          .finally(changed);
        return context.json({ provider });
      },
    )
    .post('/providers/:provider/resume', valid('param', entrySchema), async (context) => {
      const { provider } = context.req.valid('param');
      await client.resumeProvider(provider, { signal }).finally(changed);
      return context.json({ provider });
    })
    .put(
      '/providers/:provider/key',
      valid('param', entrySchema),
      valid('json', keySchema),
      async (context) => {
        const { provider } = context.req.valid('param');
        const { key } = context.req.valid('json');
        // Imported here, because it loads the SDKs of AWS and of the providers.
        const { putKey, resumeWithNewKey, secretIdOf } = await import('../operations/key.ts');
        const { connection } = client;
        await putKey(connection, provider, await secretIdOf(connection, provider), key);
        const isResumed = await resumeWithNewKey(client, provider, { signal }).finally(changed);
        return context.json<StoredKey>({ provider, isResumed });
      },
    );
}

/** Tolerant: another version may have written the settings. */
const settingsSchema = z.object({
  kind: z.string().optional().catch(undefined),
  limits: z.record(z.string(), z.number()).optional().catch(undefined),
});

function providerRow(
  { connection: { aws, handler } }: Pick<BatchHandlerClient, 'connection'>,
  info: ProviderInfo,
): ProviderRow {
  const { provider } = info;
  const { settings, limits: usual = {} } = handler;
  const entries = z.record(z.string(), settingsSchema).safeParse(settings.providers).data ?? {};
  const { kind, limits: own } = entries[provider] ?? {};
  return omitUndefined({
    ...{ ...info, kind, limits: { ...usual[provider], ...own } },
    key: aws === undefined ? ('program' as const) : ('secret' as const),
  });
}
