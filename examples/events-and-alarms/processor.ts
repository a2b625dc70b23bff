import { defineProcessor } from 'batch-handler/processor';

/** Throwing has the batch delivered again, and after five times it ends `failed`, which alarms. */
export const handler = defineProcessor(async (batch) => {
  for await (const { customId, error } of batch.errors()) {
    if (error.code === 'content_filter') throw new Error(`${customId} was filtered`);
  }
});
