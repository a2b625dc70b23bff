import { connectAzure } from '../../../shared/providers/azure/index.ts';
import { startAzureSimulator } from '../../../simulators/azure/index.ts';
import { azureConnection } from './azure/connection.ts';
import { providerContract } from './contract.ts';
import { type SimulationOptions, simulate } from './harness.ts';
import { OPENAI_API } from './openai/simulation.ts';

const FULL = { 'at create': 400, 'in the job': 'job' } as const;

const SETTINGS = { models: { 'gpt-4o-mini': 'my-deployment' } };

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return simulate(
    (dataDir) =>
      startAzureSimulator({
        port: 0,
        dataDir,
        plan: [...plan],
        jobSeconds,
        apiKeys: [wrongKey ? 'of-another' : 'test-key'],
        ...(full ? { enqueuedTokenLimit: 1, enqueuedTokenRefusal: FULL[full] } : {}),
      }),
    (url) => connectAzure(azureConnection(url, SETTINGS)),
  );
}

providerContract({
  name: 'Azure OpenAI',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'gpt-4o-mini',
      messages: [
        { role: 'user', content: 'Say a word.' },
        { role: 'assistant', content: null, tool_calls: [] },
      ],
    },
  }),
  start,
  ...OPENAI_API,
  patches: {
    ...OPENAI_API.patches,
    unknownStatus: { fields: { status: 'Dreaming' }, status: 'Dreaming' },
  },
  createRefusals: [
    [400, 'token_limit_exceeded', 'quota'],
    [400, 'quotaExceeded', 'account'],
  ],
});
