import { startAnthropicSimulator } from '../../../simulators/anthropic/index.ts';
import { anthropicContract } from './anthropic/contract.ts';
import { anthropicAt } from './anthropic/provider.ts';
import { type SimulationOptions, simulate } from './harness.ts';

function start({ plan = ['completed'], jobSeconds = 0.05, full, wrongKey }: SimulationOptions) {
  return simulate(
    (dataDir) =>
      startAnthropicSimulator({
        dataDir,
        plan: [...plan],
        jobSeconds,
        apiKeys: [wrongKey ? 'sk-ant-of-another' : 'sk-ant-test'],
        ...(full ? { queuedRequestLimit: 1 } : {}),
      }),
    anthropicAt,
  );
}

anthropicContract('Anthropic', start);
