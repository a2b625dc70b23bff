import { realBatchStore } from '../shared/aws/batchStore.ts';
import { dynamodbClient } from '../shared/aws/clients/dynamodb.ts';
import { realLaneStore, realRequestRegister } from '../shared/aws/collector.ts';
import { realWebhookRegister } from '../shared/aws/onceRecords.ts';
import { realProviderStateStore, realSweepLock } from '../shared/aws/sweepStores.ts';
import { lifetimeSeconds, type Policy } from '../shared/batch/policy.ts';
import type { BatchStore, SweepLock } from '../shared/batch/ports.ts';
import type { WebhookRegister } from '../shared/batch/webhook.ts';
import type { LaneStore, RequestRegister } from '../shared/collector/contract.ts';
import type { ProviderStateStore } from '../shared/quota/providerState.ts';
import type { Config } from './config.ts';
import type { PortLookup } from './ports.ts';

/** Everything that is kept in the table. */
export interface Stores {
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  readonly sweepLock: SweepLock;
  readonly lanes: LaneStore;
  readonly requests: RequestRegister;
  readonly webhookRegister: WebhookRegister;
}

export function composeStores(
  { tableName }: Pick<Config, 'tableName'>,
  policy: Policy,
  port: PortLookup,
): Stores {
  const dynamodb = dynamodbClient();
  // A request may come again for as long as its batch exists.
  const keepSeconds = lifetimeSeconds(policy);
  return {
    batches: port('batches') ?? realBatchStore(dynamodb, tableName, policy),
    providerStates: port('providerStates') ?? realProviderStateStore(dynamodb, tableName),
    sweepLock: port('sweepLock') ?? realSweepLock(dynamodb, tableName),
    lanes: port('lanes') ?? realLaneStore(dynamodb, tableName),
    requests: port('requests') ?? realRequestRegister(dynamodb, tableName, { keepSeconds }),
    webhookRegister: port('webhookRegister') ?? {
      register: realWebhookRegister(dynamodb, tableName),
    },
  };
}
