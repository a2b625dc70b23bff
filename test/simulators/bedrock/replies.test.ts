import { describe, expect, test } from 'vitest';
import { replyOf } from '../../../simulators/bedrock/replies.ts';
import { seededRandom } from '../../../simulators/engine/content.ts';

const SEED = 4711;
const CLAUDE = { modelId: 'us.anthropic.claude-haiku-4-5', invocationType: 'InvokeModel' };
const NOVA = { modelId: 'amazon.nova-lite-v1:0', invocationType: 'InvokeModel' };
const CONVERSE = { modelId: 'meta.llama3', invocationType: 'Converse' };
const TITAN = { modelId: 'amazon.titan-embed-text-v2:0', invocationType: 'InvokeModel' };
/** The fields that every record for Claude has. */
const REQUEST = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'Hi' }],
};

type Model = Parameters<typeof replyOf>[0];

function reply(model: Model, body: Readonly<Record<string, unknown>>, seed = SEED) {
  return replyOf(model, { body, inputTokens: 100, random: seededRandom(seed) });
}

describe('replyOf', () => {
  test('an equal record gets an equal reply, another one another', () => {
    const first = reply(CLAUDE, REQUEST);
    expect(reply(CLAUDE, REQUEST)).toEqual(first);
    expect(reply(CLAUDE, REQUEST, SEED + 1)).not.toEqual(first);
  });

  test.each([
    ['named', { type: 'tool', name: 'second' }, 'second'],
    ['any', { type: 'any' }, 'first'],
  ])('Claude calls a tool that must be called: %s', (_name, tool_choice, name) => {
    const input = { ...REQUEST, tools: [{ name: 'first' }, { name: 'second' }], tool_choice };
    expect(reply(CLAUDE, input)).toMatchObject({
      body: { stop_reason: 'tool_use', content: [{ type: 'tool_use', name }] },
    });
  });

  test.each([
    ['named', { tool: { name: 'second' } }, 'second'],
    ['any', { any: {} }, 'first'],
  ])('Nova calls a tool that must be called: %s', (_name, toolChoice, name) => {
    const tools = [{ toolSpec: { name: 'first' } }, { toolSpec: { name: 'second' } }];
    const input = { toolConfig: { tools, toolChoice } };
    expect(reply(NOVA, input)).toMatchObject({
      body: {
        stopReason: 'tool_use',
        output: { message: { content: [{ toolUse: { name } }] } },
      },
    });
  });

  test('Titan has as many dimensions as asked for', () => {
    expect(reply(TITAN, { inputText: 'a', dimensions: 256 })).toMatchObject({
      body: { embedding: { length: 256 }, inputTextTokenCount: 100 },
    });
  });

  test.each([
    ['tools in a job of Converse', CONVERSE, { messages: [], toolConfig: {} }],
    ['Claude without its version', CLAUDE, { messages: [] }],
    ['Claude with a model', CLAUDE, { ...REQUEST, model: 'claude' }],
    ['effort for Haiku', CLAUDE, { ...REQUEST, output_config: { effort: 'low' } }],
    [
      'images by URL',
      CLAUDE,
      {
        ...REQUEST,
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }],
          },
        ],
      },
    ],
  ])('%s are refused', (_name, job, input) => {
    expect(reply(job, input)).toMatchObject({ error: { errorCode: 400 } });
  });
});
