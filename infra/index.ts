/** The package's main export, for CDK apps. */
export { BatchHandler } from './batchHandler.ts';
export type { BatchHandlerProps, StateChangeFilter } from './batchHandlerProps.ts';
export { ConfigurationError } from './configurationError.ts';
export type { AlarmSettings } from './monitoring/alarms.ts';
export type { GrantResult } from './providers/access.ts';
export type * from './providers/llmProvider.ts';
export { LlmProvider } from './providers/llmProvider.ts';
export type { Collector } from './resources/collector.ts';
export type { QueuePair, Queues } from './resources/queues.ts';
export type { RuntimeProps } from './runtimeProps.ts';
