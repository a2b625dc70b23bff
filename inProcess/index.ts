/** The package's entry `batch-handler/in-process`: a handler in one Node process, without AWS. */
export type { StateChange } from '../shared/batch/contracts.ts';
export type { Log, Metrics } from '../shared/batch/ports.ts';
export { ClientError } from '../shared/client/clientError.ts';
export { answerText } from '../shared/processor/answerText.ts';
export type {
  BatchRequest,
  BatchResponse,
  DeliveredBatch,
  FailedRequest,
  SucceededRequest,
} from '../shared/processor/deliveredBatch.ts';
export { groupsOf } from '../shared/processor/groupsOf.ts';
export { type BatchHandler, createBatchHandler } from './createBatchHandler.ts';
export { createDirectoryClient, type DirectoryClient } from './openDirectory.ts';
export type {
  ApiKey,
  BatchHandlerOptions,
  InProcessProvider,
  ProcessContext,
} from './options.ts';
export type { RunOptions } from './run.ts';
