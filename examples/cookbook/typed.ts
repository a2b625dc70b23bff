import { defineProcessor } from 'batch-handler/processor';
import type { ChatCompletion } from 'openai/resources';

export const handler = defineProcessor(async (batch) => {
  for await (const { customId, response } of batch.results<ChatCompletion>()) {
    const [choice] = response.body.choices;
    if (choice?.finish_reason === 'length') process.stdout.write(`${customId} was cut off\n`);
  }
});
