import { openAi } from '../../../shared/providers/openai/description.ts';
import { connectOpenAi } from '../../../shared/providers/openai/index.ts';
import { providerContract } from './contract.ts';
import { entryAt } from './entry.ts';
import { API_KEY, OPENAI_API, simulateOpenAi } from './openai/simulation.ts';

providerContract({
  name: 'OpenAI',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say a word.' }] },
  }),
  start: (options) =>
    simulateOpenAi(options, (baseUrl) =>
      connectOpenAi(entryAt(openAi, { baseUrl, secret: API_KEY })),
    ),
  ...OPENAI_API,
  createRefusals: [[429, 'insufficient_quota', 'account']],
});
