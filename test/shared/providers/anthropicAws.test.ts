import { vi } from 'vitest';
import { startAnthropicSimulator } from '../../../simulators/anthropic/index.ts';
import { anthropicContract } from './anthropic/contract.ts';
import { anthropicAt } from './anthropic/provider.ts';
import { type SimulationOptions, simulate } from './harness.ts';

const PLACE = { region: 'us-west-2', workspaceId: 'wrkspc_01abc' };
const KEY = { accessKeyId: 'AKIDOFATEST', secretAccessKey: 'secret/of+a+test' };
vi.stubEnv('AWS_ACCESS_KEY_ID', KEY.accessKeyId);
vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEY.secretAccessKey);
vi.stubEnv('AWS_SESSION_TOKEN', 'token');

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return simulate(
    (dataDir) =>
      startAnthropicSimulator({
        dataDir,
        plan: [...plan],
        jobSeconds,
        aws: { ...PLACE, ...KEY, ...(wrongKey ? { secretAccessKey: 'of-another' } : {}) },
        ...(full ? { queuedRequestLimit: 1 } : {}),
      }),
    (url) => anthropicAt(url, { aws: PLACE }),
  );
}

anthropicContract('Claude Platform on AWS', start);
