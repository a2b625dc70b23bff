import { compatible } from '../../../shared/providers/compatible/description.ts';
import { connectCompatible } from '../../../shared/providers/compatible/index.ts';
import { providerContract } from './contract.ts';
import { entryAt } from './entry.ts';
import { API_KEY, OPENAI_API, simulateOpenAi } from './openai/simulation.ts';

const settings = { models: { 'gpt-4o-mini': 'vendor/gpt-4o-mini' }, dropFields: ['store'] };

providerContract({
  name: 'OpenAI-compatible',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'gpt-4o-mini',
      store: true,
      messages: [{ role: 'user', content: 'Say a word.' }],
    },
  }),
  start: (options) =>
    simulateOpenAi(options, (baseUrl) =>
      connectCompatible(entryAt(compatible, { baseUrl, secret: API_KEY, settings })),
    ),
  ...OPENAI_API,
  createRefusals: [[429, 'insufficient_quota', 'account']],
});
