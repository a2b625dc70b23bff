import type OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';
import { RefusedError } from '../../../../shared/batch/errors.ts';
import { inspectInput } from '../../../../shared/jsonl/inspect.ts';
import { classifyRow, type ResultRow, usageOfRow } from '../../../../shared/jsonl/rows.ts';
import { openAi, openAiDescription } from '../../../../shared/providers/openai/description.ts';
import { connectOpenAi } from '../../../../shared/providers/openai/index.ts';
import { createTokenEstimator } from '../../../../shared/tokens/fileEstimator.ts';
import { chunked } from '../../../support/streams.ts';
import { entryAt } from '../entry.ts';
import { outcomeOf, rowsOf, submit } from '../steps.ts';
import { API_KEY, simulateOpenAi } from './simulation.ts';

test.each([{}, { outputExpiresAfterSeconds: 3_600 }, { outputExpiresAfterSeconds: 2_592_000 }])(
  'takes %j',
  (options) => {
    expect(() => openAiDescription.checkOptions(options)).not.toThrow();
  },
);

test.each([
  [{ outputExpiresAfterSeconds: 3_599 }, 'options.outputExpiresAfterSeconds is 3599'],
  [{ outputExpiresAfterSeconds: 2_592_001 }, 'options.outputExpiresAfterSeconds is 2592001'],
  [{ outputExpiresAfterSeconds: 4_000.5 }, 'options.outputExpiresAfterSeconds is 4000.5'],
  [{ outputExpiresAfterSeconds: '4000' }, 'options.outputExpiresAfterSeconds is "4000"'],
  [{ temperature: 1 }, 'options.temperature is 1'],
])('refuses %j', (options, found) => {
  const check = () => openAiDescription.checkOptions(options);
  expect(check).toThrow(RefusedError);
  expect(check).toThrow(found);
  expect(check).toThrow('outputExpiresAfterSeconds, a whole number from 3600 to 2592000');
});

test('has the endpoints that the API knows', () => {
  // The values that the create call of OpenAI's SDK takes.
  const known: Record<OpenAI.BatchCreateParams['endpoint'], true> = {
    '/v1/responses': true,
    '/v1/chat/completions': true,
    '/v1/embeddings': true,
    '/v1/completions': true,
    '/v1/moderations': true,
    '/v1/images/generations': true,
    '/v1/images/edits': true,
    '/v1/videos': true,
  };
  expect(openAiDescription.endpoints.toSorted()).toEqual(Object.keys(known).toSorted());
});

test.each([
  ['/v1/images/generations', { prompt: 'A cat', n: 2 }, 1],
  ['/v1/images/edits', { prompt: 'A hat', images: [{ file_id: 'file-1' }] }, 1],
  ['/v1/videos', { prompt: 'A cat walks', seconds: '4' }, 0],
])(
  'a request to %s is inspected, sent and answered in its own form',
  async (url, body, reports) => {
    const line = { custom_id: 'a', method: 'POST', url, body: { model: 'm', ...body } };
    const text = JSON.stringify(line);
    const demands = {
      endpoint: undefined,
      endpoints: openAiDescription.endpoints,
      limits: openAi.limits,
      tokens: await createTokenEstimator(),
    };
    const found = await inspectInput(chunked(text, 64), demands, async ({ reason }) => {
      throw new Error(reason.message);
    });
    expect(found).toMatchObject({ endpoint: url, requests: 1 });
    expect(found.estimatedTokens).toBeGreaterThan(0);

    const simulation = await simulateOpenAi({}, (baseUrl) =>
      connectOpenAi(entryAt(openAi, { baseUrl, secret: API_KEY })),
    );
    onTestFinished(() => simulation.close());
    const { provider } = simulation;
    const job = { endpoint: url, model: 'm', request: () => line };
    const outcome = await outcomeOf(provider, await submit(provider, job, ['a']));
    const rows = (await rowsOf(provider, job, outcome)) as readonly Partial<ResultRow>[];
    expect(rows.map(classifyRow)).toEqual(['succeeded']);
    expect(rows.map(usageOfRow).filter(Boolean)).toHaveLength(reports);
  },
);
