import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAi } from '../../../shared/providers/openai/description.ts';
import { connectOpenAi } from '../../../shared/providers/openai/index.ts';
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
  const dataDir = await mkdtemp(join(tmpdir(), 'openai-simulator-'));
  const simulator = await startOpenAiSimulator({
    port: 0,
    dataDir,
    plan: [...plan],
    jobSeconds,
    apiKeys: [wrongKey ? 'sk-of-another' : 'sk-test'],
    ...(full ? { enqueuedTokenLimit: 1, enqueuedTokenRefusal: FULL[full] } : {}),
  });
  const entry = entryAt(openAi, { baseUrl: simulator.url, secret: 'sk-test' });
  return {
    provider: await connectOpenAi(entry),
    inject: simulator.inject,
    journal: simulator.journal,
    close: async () => {
      await simulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

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
  start,
  ...OPENAI_API,
  createRefusals: [[429, 'insufficient_quota', 'account']],
});
