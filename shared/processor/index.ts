/** What a processor imports. */
export type { ProcessorEvent } from '../batch/processorEvent.ts';
export { defineProcessor, type ProcessBatch, type ProcessorOptions } from './defineProcessor.ts';
export type { DeliveredBatch } from './deliveredBatch.ts';
export { findRequest, type SentRequest } from './findRequest.ts';
export type { FailedRequest, Request, Response, SucceededRequest } from './rows.ts';
