import { hexadecimal } from '../../chance.ts';
import { textFrom } from '../../openai/replies/text.ts';
import { isObject } from '../../readJson.ts';
import type { Answer, Question } from './reply.ts';

/** A message of Anthropic's Messages API. */
export function answerMessages({ input, model, inputTokens, chance }: Question): Answer {
  const { text, tokens: outputTokens } = textFrom(chance);
  const id = `msg_bdrk_${hexadecimal(chance, 22)}`;
  const tool = toolToCall(input);
  const content =
    tool === undefined
      ? { type: 'text', text }
      : {
          type: 'tool_use',
          id: `toolu_bdrk_${hexadecimal(chance, 22)}`,
          name: tool,
          input: { text },
        };
  return {
    inputTokens,
    outputTokens,
    modelOutput: {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [content],
      stop_reason: tool === undefined ? 'end_turn' : 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: inputTokens,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: outputTokens,
      },
    },
  };
}

/** The tool that must be called: the one that is named, or the first where any must be. */
function toolToCall({ tools, tool_choice: choice }: Question['input']): string | undefined {
  if (!isObject(choice)) return undefined;
  if (choice.type === 'tool') return String(choice.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return choice.type === 'any' ? String(first?.name) : undefined;
}
