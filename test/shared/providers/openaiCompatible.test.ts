import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compatible } from '../../../shared/providers/compatible/description.ts';
import { connectCompatible } from '../../../shared/providers/compatible/index.ts';
import { startOpenAiSimulator } from '../../../simulators/openai/index.ts';
import { providerContract } from './contract.ts';
import { entryAt } from './entry.ts';
import type { SimulationOptions } from './harness.ts';
import { OPENAI_API } from './openai/api.ts';

const FULL = { 'at create': 429, 'in the job': 'job' } as const;

async function start({
  plan = ['completed'],
  jobSeconds = 0.05,
  full,
  wrongKey,
}: SimulationOptions) {
  const dataDir = await mkdtemp(join(tmpdir(), 'compatible-simulator-'));
  const simulator = await startOpenAiSimulator({
    port: 0,
    dataDir,
    plan: [...plan],
    jobSeconds,
    apiKeys: [wrongKey ? 'sk-of-another' : 'sk-test'],
    ...(full ? { enqueuedTokenLimit: 1, enqueuedTokenRefusal: FULL[full] } : {}),
  });
  const settings = { models: { 'gpt-4o-mini': 'vendor/gpt-4o-mini' }, dropFields: ['store'] };
  const entry = entryAt(compatible, { baseUrl: simulator.url, secret: 'sk-test', settings });
  return {
    provider: await connectCompatible(entry),
    inject: simulator.inject,
    journal: simulator.journal,
    close: async () => {
      await simulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

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
  start,
  ...OPENAI_API,
  createRefusals: [[429, 'insufficient_quota', 'account']],
});
