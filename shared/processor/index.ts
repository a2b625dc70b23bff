/** The library that a processor imports. */
export type { ProcessorEvent } from '../batch/contracts.ts';
export { answerText } from './answerText.ts';
export { defineProcessor, type ProcessBatch, type ProcessorOptions } from './defineProcessor.ts';
export type {
  BatchRequest,
  BatchResponse,
  DeliveredBatch,
  FailedRequest,
  SucceededRequest,
} from './deliveredBatch.ts';
export { findRequest, type SentRequest } from './findRequest.ts';
export { groupsOf } from './groupsOf.ts';
