/** The contract of each port, for any test runner: `batch-handler/testing`. */

export { batchStoreContract } from './batchStore.ts';
export { laneStoreContract, requestRegisterContract } from './collectorStores.ts';
export type { ContractCase, Subject } from './contract.ts';
export { itemTableContract } from './itemTable.ts';
export { type ObjectStoreSubject, objectStoreContract } from './objectStore.ts';
export { effectRecordContract, webhookRegisterContract } from './onceRecords.ts';
export {
  type QueueName,
  type QueuePair,
  type QueuesSubject,
  queuesContract,
  type ReceivedMessage,
} from './queues.ts';
export { providerStateStoreContract, sweepLockContract } from './sweepStores.ts';
export { type BatchStoreSubject, type Damage, damageRecord } from './unreadableRecords.ts';
