import { defineProcessor } from 'batch-handler/processor';

/** Hands each answer on under the id that it was asked with. */
export const handler = defineProcessor(async (batch) => {
  for await (const { customId, usage } of batch.results()) {
    process.stdout.write(`${JSON.stringify({ customId, ...usage })}\n`);
  }
});
