import { Hono } from 'hono';
import * as z from 'zod';
import { Latest } from '../client/latest.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { ApiKeyInfo, NewApiKeyInfo } from '../operations/apiKeys.ts';
import { createApiKey, revokeApiKey, setDailyBudget } from '../operations/apiKeys.ts';
import { valid } from './failure.ts';
import type { ScreenPorts } from './ports.ts';
import { readTenants, type TenantsInfo } from './tenants.ts';

/** Reading the queues and the budgets of many tenants takes a while. */
const TENANTS_AGE_MS = 5_000;

const newKeySchema = z.object({
  name: z.string(),
  tenant: z.string().optional(),
  providers: z.array(z.string()).optional(),
  requestsPerMinute: z.int().positive().max(1_000_000).optional(),
  /** ISO 8601. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  /** USD, of the tenant. */
  dailyBudget: z.number().positive().optional(),
});
const keySchema = z.object({ keyId: z.string() });
const tenantSchema = z.object({ tenant: z.string() });
/** Null: no limit. */
const budgetSchema = z.object({ dailyBudget: z.number().positive().nullable() });

export function tenantRoutes(ports: ScreenPorts) {
  const { client, hub, now } = ports;
  const { connection } = client;
  const tenants = new Latest(() => readTenants(ports), { maxAgeMs: TENANTS_AGE_MS, now });
  const changed = () => {
    tenants.forget();
    hub.tell({ type: 'changed', what: 'keys' });
  };
  return new Hono()
    .get('/tenants', async (context) => context.json<TenantsInfo>(await tenants.get()))
    .put(
      '/tenants/:tenant/budget',
      valid('param', tenantSchema),
      valid('json', budgetSchema),
      async (context) => {
        const { tenant } = context.req.valid('param');
        const { dailyBudget } = context.req.valid('json');
        await setDailyBudget(connection, tenant, dailyBudget ?? undefined);
        changed();
        return context.json({ tenant });
      },
    )
    .post('/keys', valid('json', newKeySchema), async (context) => {
      const { expiresAt, ...asked } = context.req.valid('json');
      const options = omitUndefined({
        ...asked,
        expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
      });
      const created = await createApiKey(connection, { ...options, name: asked.name }, now());
      changed();
      return context.json<NewApiKeyInfo>(created);
    })
    .delete('/keys/:keyId', valid('param', keySchema), async (context) => {
      const { keyId } = context.req.valid('param');
      const revoked = await revokeApiKey(connection, keyId, now());
      changed();
      return context.json<ApiKeyInfo>(revoked);
    });
}
