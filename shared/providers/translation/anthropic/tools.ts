import { refusal } from '../../../batch/errors.ts';
import type { Chat, Tool } from '../chat.ts';

/**
 * `tools` and `tool_choice`.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
 */
export function toolFieldsOf(chat: Chat, provider: string): object {
  const { tools, turns, toolChoice } = chat;
  if (tools.length > 0) return { tools: tools.map(toolOf), ...toolChoiceOf(chat) };
  // 400: "Requests which have `tool_use` or `tool_result` blocks must define tools"
  if (turns.some(({ role }) => role === 'tool'))
    throw refusal(
      'missing_field',
      `body.tools is missing, which ${provider} wants where messages call tools: name the tools`,
    );
  if (toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') return {};
  throw refusal('missing_field', 'body.tool_choice asks for a tool, and body.tools has none');
}

function toolOf({ name, description, parameters, strict }: Tool): object {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: { type: 'object', ...parameters },
    ...(strict ? { strict } : {}),
  };
}

function toolChoiceOf({ toolChoice, parallelToolCalls }: Chat): object {
  const oneAtATime = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === 'none') return { tool_choice: { type: 'none' } };
  if (toolChoice === 'required') return { tool_choice: { type: 'any', ...oneAtATime } };
  if (typeof toolChoice === 'object')
    return { tool_choice: { type: 'tool', name: toolChoice.tool, ...oneAtATime } };
  // `auto` is what happens anyway.
  return toolChoice === undefined && parallelToolCalls !== false
    ? {}
    : { tool_choice: { type: 'auto', ...oneAtATime } };
}
