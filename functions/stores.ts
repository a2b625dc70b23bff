import { dynamodbClient } from '../shared/aws/clients/dynamodb.ts';
import { dynamoTable } from '../shared/aws/table.ts';
import { lifetimeSeconds, type Policy } from '../shared/batch/policy.ts';
import type { BatchStore, SweepLock } from '../shared/batch/ports.ts';
import type { UploadStore } from '../shared/batch/upload.ts';
import type { WebhookRegister } from '../shared/batch/webhook.ts';
import type { LaneStore, RequestRegister } from '../shared/collector/contract.ts';
import type { ProviderStateStore } from '../shared/quota/providerState.ts';
import type { TenantStore } from '../shared/quota/tenantState.ts';
import { batchStore } from '../shared/stores/batchStore.ts';
import { laneStore, requestRegister } from '../shared/stores/collectorStores.ts';
import type { ItemTable } from '../shared/stores/itemTable.ts';
import { webhookRegister } from '../shared/stores/onceRecords.ts';
import { providerStateStore, sweepLock } from '../shared/stores/sweepStores.ts';
import { tenantStore } from '../shared/stores/tenants.ts';
import { uploadStore } from '../shared/stores/uploadRecords.ts';
import type { Config } from './config.ts';
import type { PortLookup } from './ports.ts';

/** Everything that is kept in the table. */
export interface Stores {
  /** The table itself. */
  readonly items: ItemTable;
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  readonly tenants: TenantStore;
  readonly sweepLock: SweepLock;
  readonly lanes: LaneStore;
  readonly requests: RequestRegister;
  readonly webhookRegister: WebhookRegister;
  readonly uploads: UploadStore;
}

export function composeStores(
  { tableName, settings }: Pick<Config, 'tableName' | 'settings'>,
  policy: Policy,
  port: PortLookup,
): Stores {
  const items = port('items') ?? dynamoTable(dynamodbClient(), tableName);
  // A request may come again for as long as its batch exists.
  const keepSeconds = lifetimeSeconds(policy);
  return {
    items,
    batches: port('batches') ?? batchStore(items, { ...policy, shards: settings.shards }),
    providerStates: port('providerStates') ?? providerStateStore(items),
    tenants: tenantStore(items),
    sweepLock: port('sweepLock') ?? sweepLock(items),
    lanes: port('lanes') ?? laneStore(items),
    requests: port('requests') ?? requestRegister(items, { keepSeconds }),
    webhookRegister: port('webhookRegister') ?? webhookRegister(items),
    uploads: uploadStore(items),
  };
}
