import type { BatchHandlerProps } from 'batch-handler';
import { LlmProvider } from 'batch-handler';
import { createClient } from 'batch-handler/client';
import { type BatchHandlerOptions, createBatchHandler } from 'batch-handler/in-process';
import { type DeliveredBatch, defineProcessor } from 'batch-handler/processor';
import { createHandlers } from 'batch-handler/runtime';
import { type ContractCase, objectStoreContract } from 'batch-handler/testing';

// Each line shows that there are types: as `any`, there would be no error to expect.
// @ts-expect-error a provider is no text
export const providers: BatchHandlerProps['providers'] = { openai: 'openai' };
// @ts-expect-error there is no such option
LlmProvider.openAi({ key: 'sk-' });
// @ts-expect-error a batch has no such field
defineProcessor(async (batch) => batch.nothing);
// @ts-expect-error a client is made of options
createClient(1);
// @ts-expect-error a port has its methods
createHandlers({ items: {} });
// @ts-expect-error a contract is made of a subject
objectStoreContract(1);
// @ts-expect-error Bedrock needs AWS
export const entries: BatchHandlerOptions['providers'] = { bedrock: { kind: 'bedrock' } };
// @ts-expect-error a handler is made of options
createBatchHandler(1);
export type Name = ContractCase['name'];
export type Id = DeliveredBatch['batchId'];
