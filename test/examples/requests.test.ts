import { createReadStream } from 'node:fs';
import { expect, it } from 'vitest';
import { inspectInput } from '../../shared/jsonl/inspect.ts';
import { openAi, openAiDescription } from '../../shared/providers/openai/description.ts';
import { createTokenEstimator } from '../../shared/tokens/fileEstimator.ts';

it('the example input passes the inspection', async () => {
  const file = new URL('../../examples/requests.jsonl', import.meta.url);
  const demands = {
    endpoint: undefined,
    endpoints: openAiDescription.endpoints,
    limits: openAi.limits,
    tokens: await createTokenEstimator(),
  };
  const found = await inspectInput(createReadStream(file), demands, async () => {});
  expect(found).toMatchObject({ endpoint: '/v1/chat/completions', firstReasons: [] });
  expect(found.requests).toBeGreaterThan(20);
});
