export { notableText, type WaitingFor } from '../quota/waitingText.ts';
export type { AddedBatch, NewBatch } from './addBatch.ts';
export type { BatchInfo, JobInfo } from './batchInfo.ts';
export type { BatchHandlerClient } from './client.ts';
export { ClientError, type ClientErrorCode } from './clientError.ts';
export type {
  Command,
  ProviderCommandOptions,
  SentCommand,
  SentMessage,
  UnreadableBatch,
} from './commands.ts';
export type { AwsHandler, Handler } from './connection.ts';
export { type ClientOptions, createClient } from './createClient.ts';
export type { Page, PageOptions } from './listPage.ts';
export { localStack } from './localStack.ts';
export type { ModelInfo, ProviderInfo } from './providerInfo.ts';
export type { BatchFilter } from './readBatches.ts';
export { readPorts } from './readPorts.ts';
export type { ClientDeployment, ClientPorts } from './replacedPorts.ts';
export type { FailedRow, RowFile, RowKind, SucceededRow } from './rows.ts';
export type { UploadOptions } from './upload.ts';
export type { WaitOptions } from './wait.ts';
