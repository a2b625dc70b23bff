import { refusal } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import {
  type CacheControl,
  type Chat,
  isBlankPart,
  type Part,
  type Tool,
  type Turn,
} from './chat.ts';
import { claudeSchema } from './claudeSchema.ts';
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
      return textOrBlocks([...texts.map((part) => blockOf(part, provider)), ...calls]);
    }
    case 'tool':
      return turn.results.map(({ callId, text, cacheControl }) =>
        omitUndefined({
          type: 'tool_result',
          tool_use_id: checkedId(callId, provider),
          content: text === '' ? undefined : text,
          cache_control: cacheControl,
        }),
      );
  }
}

/** https://platform.claude.com/docs/en/api/messages/create: `ContentBlockParam` of the SDK. */
function blockOf(part: Part, provider: string): Block {
  const cache_control = part.cacheControl;
  switch (part.type) {
    case 'text':
      return omitUndefined({ type: 'text', text: part.text, cache_control });
    case 'image': {
      const { mediaType: media_type, data } = part;
      if (!IMAGE_TYPES.includes(media_type))
        throw cannotExpress(
          'body.messages[].content[].image_url.url',
          provider,
          `use one of ${IMAGE_TYPES.join(', ')}`,
        );
      const source = { type: 'base64', media_type, data };
      return omitUndefined({ type: 'image', source, cache_control });
    }
    case 'file': {
      const source = { type: 'base64', media_type: part.mediaType, data: part.data };
      return omitUndefined({ type: 'document', source, title: part.name, cache_control });
    }
    case 'image_url':
    case 'file_url': {
      const source = { type: 'url', url: part.url };
      const type = part.type === 'image_url' ? 'image' : 'document';
      return omitUndefined({ type, source, title: part.name, cache_control });
    }
  }
}

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly cache_control?: CacheControl;
}

/** A single text block is written as a string. */
function textOrBlocks(blocks: readonly (Block | object)[]): string | object[] {
  const [only] = blocks;
  const isPlain = blocks.length === 1 && only !== undefined && !('cache_control' in only);
  return isPlain && 'text' in only && only.text !== undefined ? only.text : [...blocks];
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
    return omitUndefined({
      tools: tools.map((tool, index) => claudeTool(tool, index, provider)),
      tool_choice: claudeToolChoice(chat),
    });
  // 400: "Requests which have `tool_use` or `tool_result` blocks must define tools"
  if (turns.some(({ role }) => role === 'tool'))
    throw refusal(
      'missing_field',
      `body.tools is missing, which ${provider} wants where messages call tools: name the tools`,
    );
  if (toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') return {};
  throw refusal('missing_field', 'body.tool_choice asks for a tool, and body.tools has none');
}

/** A schema that the arguments need not fit, without `strict`, may say anything but these. */
const NOT_AT_THE_TOP = ['anyOf', 'oneOf', 'allOf'];

function claudeTool(
  { name, description, parameters, strict, cacheControl }: Tool,
  index: number,
  provider: string,
): object {
  const schema = { type: 'object', ...parameters };
  const place = `body.tools[${index}].function.parameters`;
  // 400: "input_schema does not support oneOf, allOf, or anyOf at the top level"
  for (const keyword of NOT_AT_THE_TOP)
    if (keyword in schema)
      throw cannotExpress(`${place}.${keyword}`, provider, 'put it into a property');
  const input_schema = strict ? claudeSchema(schema, place, provider) : schema;
  return omitUndefined({
    name,
    description,
    input_schema,
    strict: strict || undefined,
    cache_control: cacheControl,
  });
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
