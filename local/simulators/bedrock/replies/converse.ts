import { hexadecimal } from '../../chance.ts';
import { textFrom } from '../../openai/replies/text.ts';
import { isObject } from '../../readJson.ts';
import type { Answer, Question } from './reply.ts';

/** A response of Converse, which is also Amazon Nova's own. */
export function answerConverse({ input, inputTokens, chance }: Question): Answer {
  const { text, tokens: outputTokens } = textFrom(chance);
  const tool = toolToCall(input.toolConfig);
  const content =
    tool === undefined
      ? [{ text }]
      : [
          {
            toolUse: {
              toolUseId: `tooluse_${hexadecimal(chance, 22)}`,
              name: tool,
              input: { text },
            },
          },
        ];
  return {
    inputTokens,
    outputTokens,
    modelOutput: {
      output: { message: { role: 'assistant', content } },
      stopReason: tool === undefined ? 'end_turn' : 'tool_use',
      usage: {
        inputTokens,
        outputTokens,
        totalTokens: inputTokens + outputTokens,
        cacheReadInputTokens: 0,
        cacheWriteInputTokens: 0,
      },
      metrics: { latencyMs: 100 },
    },
  };
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCall(config: unknown): string | undefined {
  const { tools, toolChoice: choice } = isObject(config) ? config : {};
  if (!isObject(choice)) return undefined;
  if (isObject(choice.tool)) return String(choice.tool.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return isObject(choice.any) ? String(first?.toolSpec?.name) : undefined;
}
