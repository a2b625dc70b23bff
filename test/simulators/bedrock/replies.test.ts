import { describe, expect, test } from 'vitest';
import { answer } from '../../../simulators/bedrock/replies.ts';

const HASH = 4711;
const BYTES = 400;
const CLAUDE = { modelId: 'us.anthropic.claude-haiku-4-5', invocationType: 'InvokeModel' };
const NOVA = { modelId: 'amazon.nova-lite-v1:0', invocationType: 'InvokeModel' };
const CONVERSE = { modelId: 'meta.llama3', invocationType: 'Converse' };
const TITAN = { modelId: 'amazon.titan-embed-text-v2:0', invocationType: 'InvokeModel' };
const VERSION = { anthropic_version: 'bedrock-2023-05-31' };

describe('answer', () => {
  test('an equal record gets an equal reply, another one another', () => {
    const first = answer(CLAUDE, VERSION, HASH, BYTES);
    expect(answer(CLAUDE, VERSION, HASH, BYTES)).toEqual(first);
    expect(answer(CLAUDE, VERSION, HASH + 1, BYTES)).not.toEqual(first);
  });

  test.each([
    ['named', { type: 'tool', name: 'second' }, 'second'],
    ['any', { type: 'any' }, 'first'],
  ])('Claude calls a tool that must be called: %s', (_name, tool_choice, name) => {
    const input = { ...VERSION, tools: [{ name: 'first' }, { name: 'second' }], tool_choice };
    expect(answer(CLAUDE, input, HASH, BYTES)).toMatchObject({
      modelOutput: { stop_reason: 'tool_use', content: [{ type: 'tool_use', name }] },
    });
  });

  test.each([
    ['named', { tool: { name: 'second' } }, 'second'],
    ['any', { any: {} }, 'first'],
  ])('Nova calls a tool that must be called: %s', (_name, toolChoice, name) => {
    const tools = [{ toolSpec: { name: 'first' } }, { toolSpec: { name: 'second' } }];
    const input = { toolConfig: { tools, toolChoice } };
    expect(answer(NOVA, input, HASH, BYTES)).toMatchObject({
      modelOutput: {
        stopReason: 'tool_use',
        output: { message: { content: [{ toolUse: { name } }] } },
      },
    });
  });

  test('Titan has as many dimensions as asked for', () => {
    expect(answer(TITAN, { inputText: 'a', dimensions: 256 }, HASH, BYTES)).toMatchObject({
      modelOutput: { embedding: { length: 256 }, inputTextTokenCount: 100 },
    });
  });

  test.each([
    ['tools in a job of Converse', CONVERSE, { messages: [], toolConfig: {} }],
    ['Claude without its version', CLAUDE, { messages: [] }],
    ['Claude with a model', CLAUDE, { ...VERSION, model: 'claude' }],
  ])('%s are refused', (_name, job, input) => {
    expect(answer(job, input, HASH, BYTES)).toMatchObject({ error: { errorCode: 400 } });
  });
});
