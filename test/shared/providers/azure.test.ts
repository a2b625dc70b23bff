import { connectAzure } from '../../../shared/providers/azure/index.ts';
import { startAzureSimulator } from '../../../simulators/azure/index.ts';
import { azureConnection } from './azure/connection.ts';
import { providerContract } from './contract.ts';
import { type Harness, type SimulationOptions, simulate } from './harness.ts';
import { OPENAI_API } from './openai/simulation.ts';

const FULL = { 'at create': 400, 'in the job': 'job' } as const;

const MODELS = { 'gpt-4o-mini': 'my-deployment' };

function start(
  { plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions,
  settings: { readonly apiVersion?: string },
) {
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
    (url) => connectAzure(azureConnection(url, { models: MODELS, ...settings })),
  );
}

const HARNESS = {
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  request: (customId: string) => ({
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
  ...OPENAI_API,
  patches: {
    ...OPENAI_API.patches,
    unknownStatus: { fields: { status: 'Dreaming' }, status: 'Dreaming' },
  },
  createRefusals: [
    [400, 'token_limit_exceeded', 'quota'],
    [400, 'quotaExceeded', 'account'],
    [404, 'DeploymentNotFound', 'account'],
  ],
} satisfies Partial<Harness>;

providerContract({
  ...HARNESS,
  name: 'Azure OpenAI',
  start: (options) => start(options, {}),
});

// Jobs show no metadata there, so they are found by the names of their files.
providerContract({
  ...HARNESS,
  name: 'Azure OpenAI at a version with a date',
  start: (options) => start(options, { apiVersion: '2024-10-21' }),
});
