import { expect, test } from 'vitest';
import type { TenantState } from '../../../shared/quota/tenantState.ts';
import { tenantStore } from '../../../shared/stores/tenants.ts';
import { freshTable } from '../../support/freshTable.ts';

const SPENT: TenantState = {
  ...{ schemaVersion: 1, tenant: 'research', version: 1 },
  ...{ dailyBudget: 20, spent: { day: 20_833, amount: 1.5 } },
};

const fresh = freshTable();

test('a tenant without a record has version 0', async () => {
  const tenants = tenantStore(fresh.table);

  expect(await tenants.get('new')).toEqual({ schemaVersion: 1, tenant: 'new', version: 0 });
});

test('a state is only written over the version before', async () => {
  const tenants = tenantStore(fresh.table);

  expect(await tenants.replace(SPENT)).toBe('written');
  expect(await tenants.get('research')).toEqual(SPENT);
  expect(await tenants.replace(SPENT)).toBe('conflict');
  expect(await tenants.replace({ ...SPENT, version: 3 })).toBe('conflict');
  expect(await tenants.replace({ ...SPENT, version: 2, dailyBudget: 5 })).toBe('written');
  expect(await tenants.get('research')).toMatchObject({ version: 2, dailyBudget: 5 });
});

test('a state that could not be read back is not written', async () => {
  const tenants = tenantStore(fresh.table);

  await expect(tenants.replace({ ...SPENT, dailyBudget: -1 })).rejects.toThrow('tenant research');
});
