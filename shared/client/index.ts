export type { BatchInfo } from './batchInfo.ts';
export { ClientError, type ClientErrorCode } from './clientError.ts';
export { type BatchHandlerClient, type ClientOptions, createClient } from './createClient.ts';
export type { Handler } from './discovery.ts';
export type { BatchFilter } from './listBatches.ts';
export { localStack } from './localStack.ts';
