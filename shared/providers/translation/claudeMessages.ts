import { refusal } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { type Chat, isBlankPart, type Part, type TextPart, type Tool, type Turn } from './chat.ts';
import { cannotExpress } from './fields.ts';

/** https://platform.claude.com/docs/en/build-with-claude/vision: supported formats */
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

/** 400: "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'" */
const TOOL_CALL_ID = /^[a-zA-Z0-9_-]+$/;

/**
 * The `messages` of a request to Claude. Tool results become messages of the user.
 *
 * @throws RefusedError naming what Claude cannot express
 */
export function claudeMessages({ turns }: Chat, provider: string): object[] {
  if (turns.length === 0)
    throw cannotExpress('body.messages', provider, 'add a user message to the system message');
  return turns.map((turn) => claudeMessage(turn, provider));
}

function claudeMessage(turn: Turn, provider: string): object {
  const content = contentOf(turn, provider);
  // 400: "text content blocks must be non-empty"
  if (content.length === 0)
    throw cannotExpress(
      'body.messages',
      provider,
      `one of the ${turn.role} messages is empty: leave it out`,
    );
  return { role: turn.role === 'assistant' ? 'assistant' : 'user', content };
}

function contentOf(turn: Turn, provider: string): string | object[] {
  switch (turn.role) {
    case 'user':
      return textOrBlocks(
        turn.parts.filter((part) => !isBlankPart(part)).map((part) => blockOf(part, provider)),
      );
    case 'assistant': {
      const texts = turn.parts.filter((part) => !isBlankPart(part));
      const calls = turn.toolCalls.map((call) => ({
        type: 'tool_use',
        id: checkedId(call.id, provider),
        name: call.name,
        input: call.arguments,
      }));
      return textOrBlocks([...texts, ...calls]);
    }
    case 'tool':
      return turn.results.map(({ callId, text }) =>
        omitUndefined({
          type: 'tool_result',
          tool_use_id: checkedId(callId, provider),
          content: text === '' ? undefined : text,
        }),
      );
  }
}

function blockOf(part: Part, provider: string): TextPart | object {
  if (part.type === 'text') return part;
  if (!IMAGE_TYPES.includes(part.mediaType))
    throw cannotExpress(
      'body.messages[].content[].image_url.url',
      provider,
      `use one of ${IMAGE_TYPES.join(', ')}`,
    );
  return {
    type: 'image',
    source: { type: 'base64', media_type: part.mediaType, data: part.data },
  };
}

/** A single text block is written as a string. */
function textOrBlocks(blocks: readonly (TextPart | object)[]): string | object[] {
  const [only] = blocks;
  return blocks.length === 1 && only !== undefined && 'text' in only ? only.text : [...blocks];
}

function checkedId(id: string, provider: string): string {
  if (TOOL_CALL_ID.test(id)) return id;
  throw cannotExpress(
    'body.messages[].tool_calls[].id',
    provider,
    'use letters, digits, _ and - in the ids of tool calls',
  );
}

/**
 * The fields `tools` and `tool_choice` of a request to Claude.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
 *
 * @throws RefusedError for a use of tools that the request does not declare
 */
export function claudeToolFields(chat: Chat, provider: string): object {
  const { tools, turns, toolChoice } = chat;
  if (tools.length > 0)
    return omitUndefined({ tools: tools.map(claudeTool), tool_choice: claudeToolChoice(chat) });
  // 400: "Requests which have `tool_use` or `tool_result` blocks must define tools"
  if (turns.some(({ role }) => role === 'tool'))
    throw refusal(
      'missing_field',
      `body.tools is missing, which ${provider} wants where messages call tools: name the tools`,
    );
  if (toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') return {};
  throw refusal('missing_field', 'body.tool_choice asks for a tool, and body.tools has none');
}

function claudeTool({ name, description, parameters, strict }: Tool): object {
  const input_schema = { type: 'object', ...parameters };
  return omitUndefined({ name, description, input_schema, strict: strict || undefined });
}

function claudeToolChoice({ toolChoice, parallelToolCalls }: Chat): object | undefined {
  const oneAtATime = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === 'none') return { type: 'none' };
  if (toolChoice === 'required') return { type: 'any', ...oneAtATime };
  if (typeof toolChoice === 'object') return { type: 'tool', name: toolChoice.tool, ...oneAtATime };
  // `auto` is the default.
  return toolChoice === undefined && parallelToolCalls !== false
    ? undefined
    : { type: 'auto', ...oneAtATime };
}
