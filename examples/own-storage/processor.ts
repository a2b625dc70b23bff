import { defineProcessor } from 'batch-handler/processor';
import { createPool } from './pool.ts';
import { postgresTable } from './postgresTable.ts';

/** Counts the tokens of each batch once. The record of each delivery is in Postgres, too. */
export const handler = defineProcessor(
  async (batch) => {
    let tokens = 0;
    for await (const { usage } of batch.results()) tokens += usage.totalTokens;
    const { batchId, counts } = batch;
    process.stdout.write(`${JSON.stringify({ batchId, ...counts, tokens })}\n`);
  },
  { once: true, items: postgresTable(createPool()) },
);
