import { BatchHandler, LlmProvider } from 'batch-handler';
import { defineProcessor } from 'batch-handler/processor';
import { batchStoreContract } from 'batch-handler/testing';

// @ts-expect-error there is no such option
LlmProvider.openAi({ key: 'sk-' });
export const kinds = [typeof BatchHandler, typeof defineProcessor, typeof batchStoreContract];
