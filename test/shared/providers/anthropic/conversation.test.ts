import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAnthropicSimulator } from '../../../../simulators/anthropic/index.ts';
import { outcomeOf, rowsOf, submit } from '../steps.ts';
import { anthropicAt } from './provider.ts';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const JOB = { endpoint: '/v1/chat/completions', model: 'gpt-4o-mini' };

/** A conversation after a first tool call, which must end in another one. */
const CONVERSATION = {
  model: 'gpt-4o-mini',
  temperature: 0,
  messages: [
    { role: 'system', content: 'You look at images.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What colour is it, and what is that in Italian?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'colour_at', arguments: '{"x":0}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'white' },
  ],
  tools: [
    tool('colour_at', { x: { type: 'integer' } }),
    tool('translate', { word: { type: 'string' }, language: { enum: ['it'] } }),
  ],
  tool_choice: { type: 'function', function: { name: 'translate' } },
};

function tool(name: string, properties: object) {
  return { type: 'function', function: { name, parameters: { type: 'object', properties } } };
}

const harness = {
  ...JOB,
  request: (customId: string) => ({
    custom_id: customId,
    method: 'POST',
    url: JOB.endpoint,
    body: CONVERSATION,
  }),
};

async function start(jobSeconds: number) {
  const dataDir = await mkdtemp(join(tmpdir(), 'anthropic-simulator-'));
  const simulator = await startAnthropicSimulator({ dataDir, jobSeconds });
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const provider = await anthropicAt(simulator.url, { models: { '*': 'claude-haiku-4-5' } });
  return { dataDir, provider };
}

test('a conversation with tools and an image arrives in Anthropic’s format', async () => {
  const { dataDir, provider } = await start(60);

  await submit(provider, harness, ['talk']);

  const inputs = join(dataDir, 'inputs');
  const [name = ''] = await readdir(inputs);
  const { params } = JSON.parse(await readFile(join(inputs, name), 'utf8'));
  expect(params).toMatchObject({
    model: 'claude-haiku-4-5',
    system: 'You look at images.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What colour is it, and what is that in Italian?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
        ],
      },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'call_1', name: 'colour_at', input: { x: 0 } }],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'white' }],
      },
    ],
    tool_choice: { type: 'tool', name: 'translate' },
  });
});

test('its answer, another tool call, is returned in OpenAI’s format', async () => {
  const { provider } = await start(0.05);

  const outcome = await outcomeOf(provider, await submit(provider, harness, ['talk']));

  expect(await rowsOf(provider, JOB, outcome)).toMatchObject([
    {
      custom_id: provider.referenceOf?.('talk'),
      response: {
        status_code: 200,
        body: {
          object: 'chat.completion',
          model: 'claude-haiku-4-5',
          choices: [
            {
              finish_reason: 'tool_calls',
              message: {
                role: 'assistant',
                content: null,
                tool_calls: [
                  {
                    id: expect.stringMatching(/^toolu_/),
                    type: 'function',
                    function: {
                      name: 'translate',
                      arguments: expect.stringMatching(/^{"word":"\w+","language":"it"}$/),
                    },
                  },
                ],
              },
            },
          ],
          usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
        },
      },
    },
  ]);
});
