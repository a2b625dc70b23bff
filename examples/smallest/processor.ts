import { defineProcessor } from 'batch-handler/processor';

/** Tells how long the answers were. Returning completes the batch. */
export const handler = defineProcessor(async (batch) => {
  let rows = 0;
  let outputTokens = 0;
  for await (const { usage } of batch.results()) {
    rows += 1;
    outputTokens += usage.outputTokens;
  }
  const { batchId } = batch;
  process.stdout.write(`${JSON.stringify({ batchId, rows, outputTokens })}\n`);
});
