/** The package's main export, for CDK apps. */
export type { ApiProps } from './apiProps.ts';
export { BatchHandler } from './batchHandler.ts';
export type { BatchHandlerProps, StateChangeFilter } from './batchHandlerProps.ts';
export { ConfigurationError } from './configurationError.ts';
export type { GivenBucket } from './given/bucket.ts';
export type { GivenQueue, GivenQueuePair } from './given/queue.ts';
export type { GivenTable } from './given/table.ts';
export type { AlarmSettings } from './monitoring/alarms.ts';
export type { GrantResult } from './providers/access.ts';
export type * from './providers/llmProvider.ts';
export { LlmProvider } from './providers/llmProvider.ts';
export type { Api } from './resources/api.ts';
export type { Collector } from './resources/collector.ts';
export type { QueuePair, Queues } from './resources/queues.ts';
export { batchTableSchema } from './resources/table.ts';
export type { RuntimeProps } from './runtimeProps.ts';
export type { StorageProps } from './storageProps.ts';
