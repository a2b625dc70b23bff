/** What a processor imports. */
export type { ProcessorEvent } from '../batch/contracts.ts';
export { defineProcessor, type ProcessBatch, type ProcessorOptions } from './defineProcessor.ts';
export type {
  DeliveredBatch,
  FailedRequest,
  Request,
  Response,
  SucceededRequest,
} from './deliveredBatch.ts';
export { findRequest, type SentRequest } from './findRequest.ts';
