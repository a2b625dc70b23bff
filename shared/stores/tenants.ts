import {
  TENANT_STATE_SCHEMA_VERSION,
  type TenantStore,
  tenantStateSchema,
} from '../quota/tenantState.ts';
import { parseRecord, putVersioned, recordJson } from './items.ts';
import type { ItemTable } from './itemTable.ts';

/** The budgets of the tenants and what they have spent, in the table: `tenant#<tenant>`. */
export function tenantStore(table: ItemTable): TenantStore {
  return {
    async get(tenant) {
      const item = await table.get(tenantItemId(tenant));
      if (!item) return { schemaVersion: TENANT_STATE_SCHEMA_VERSION, tenant, version: 0 };
      const what = `tenant ${tenant}`;
      return parseRecord(what, item, tenantStateSchema, TENANT_STATE_SCHEMA_VERSION);
    },
    async replace(state) {
      const { tenant, version } = state;
      const item = {
        id: tenantItemId(tenant),
        schemaVersion: TENANT_STATE_SCHEMA_VERSION,
        version,
        record: recordJson(`tenant ${tenant}`, tenantStateSchema, state),
      };
      const won = await putVersioned(table, item, 'absentOrUnchanged');
      return won ? 'written' : 'conflict';
    },
  };
}

function tenantItemId(tenant: string): string {
  return `tenant#${tenant}`;
}
