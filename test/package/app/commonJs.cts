import { BatchHandler, LlmProvider } from 'batch-handler';
import { createBatchHandler } from 'batch-handler/in-process';
import { defineProcessor } from 'batch-handler/processor';
import { batchStoreContract } from 'batch-handler/testing';

// @ts-expect-error there is no such option
LlmProvider.openAi({ key: 'sk-' });
export const kinds = [typeof BatchHandler, typeof defineProcessor, typeof batchStoreContract];
// @ts-expect-error a handler is made of options
createBatchHandler(1);
