import { expect, test } from 'vitest';
import { RESPONSES } from '../../../shared/providers/provider.ts';
import { startAnthropicSimulator } from '../../../simulators/anthropic/index.ts';
import { startGeminiSimulator } from '../../../simulators/gemini/index.ts';
import { anthropicAt } from './anthropic/provider.ts';
import { bedrockWorld } from './bedrock/world.ts';
import { geminiAt } from './gemini/provider.ts';
import { type Simulation, simulate } from './harness.ts';
import { outcomeOf, rowsOf, submit } from './steps.ts';
import { BIGQUERY, GCS, startVertex } from './vertex/world.ts';

const startBedrock = bedrockWorld();

type Started = Pick<Simulation, 'provider' | 'close'>;

/** Every route from a request of the Responses API to a model that has another API, and back. */
const ROUTES: [string, string, () => Promise<Started>][] = [
  [
    'Anthropic',
    'claude-haiku-4-5',
    () =>
      simulate(
        (dataDir) => startAnthropicSimulator({ dataDir, jobSeconds: 0.05 }),
        (url) => anthropicAt(url),
      ),
  ],
  [
    'Gemini',
    'gemini-2.5-flash',
    () =>
      simulate(
        (dataDir) => startGeminiSimulator({ dataDir, jobSeconds: 0.05 }),
        (url) => geminiAt(url),
      ),
  ],
  ['Gemini on Vertex AI', 'gemini-2.5-flash', () => startVertex({}, { store: GCS })],
  ['Claude on Vertex AI', 'claude-haiku-4-5', () => startVertex({}, { store: BIGQUERY })],
  ['Claude on Bedrock', 'anthropic.claude-haiku-4-5-20251001-v1:0', () => startBedrock()],
  ['Nova on Bedrock', 'amazon.nova-lite-v1:0', () => startBedrock()],
  ['Converse on Bedrock', 'meta.llama3-3-70b-instruct-v1:0', () => startBedrock()],
];

test.each(ROUTES)(
  '%s answers a request of the Responses API with a response',
  async (_name, model, start) => {
    const { provider, close } = await start();
    const job = { endpoint: RESPONSES, model };
    const request = (customId: string) => ({
      custom_id: customId,
      method: 'POST',
      url: RESPONSES,
      body: { model, instructions: 'Be short.', input: 'Say a word.', max_output_tokens: 50 },
    });

    expect(provider.endpoints).toContain(RESPONSES);
    const jobId = await submit(provider, { ...job, request }, ['one']);
    const rows = await rowsOf(provider, job, await outcomeOf(provider, jobId));
    await close();

    expect(rows).toMatchObject([
      {
        response: {
          status_code: 200,
          body: {
            object: 'response',
            output: [{ type: 'message', content: [{ type: 'output_text' }] }],
            usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
          },
        },
      },
    ]);
  },
);

test('open models of Vertex AI have no Responses API, and a request says so', async () => {
  const model = 'publishers/meta/models/llama-3.3-70b-instruct-maas';
  const { provider, close } = await startVertex({}, { store: GCS });
  const body = { model, input: 'Say a word.' };
  expect(() =>
    provider.checkRequest?.({ customId: 'one', url: RESPONSES, model, body }, 'openai'),
  ).toThrow(/do not serve \/v1\/responses: use \/v1\/chat\/completions/);
  await close();
});
