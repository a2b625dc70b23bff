import { defineProcessor } from 'batch-handler/processor';

/** The rows are in OpenAI's format, whichever provider has answered. */
export const handler = defineProcessor(async (batch) => {
  const tokens: Record<string, number> = {};
  for await (const { request, usage } of batch.results()) {
    const { model } = request.body;
    tokens[model] = (tokens[model] ?? 0) + usage.inputTokens + usage.outputTokens;
  }
  const { provider } = batch.event;
  process.stdout.write(`${JSON.stringify({ provider, tokens })}\n`);
});
