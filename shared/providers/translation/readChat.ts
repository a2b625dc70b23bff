import type { Chat, ResponseFormat, Tool } from './chat.ts';
import { chatSchema, type WireChat } from './chatSchema.ts';
import { checkFields, type Expressible, expressible, parseBody } from './fields.ts';
import { readMessages } from './readMessages.ts';

/**
 * Reads the body of a chat completion request.
 *
 * @throws RefusedError naming the field that is malformed, or that the provider cannot express
 */
export function readChat(body: Readonly<Record<string, unknown>>, rules: Expressible): Chat {
  const chat = parseBody(chatSchema, expressible(body, rules));
  const { stop } = chat;
  return {
    ...readMessages(chat.messages, rules),
    tools: readTools(chat.tools ?? [], rules),
    toolChoice: readToolChoice(chat.tool_choice, rules),
    parallelToolCalls: chat.parallel_tool_calls ?? undefined,
    responseFormat: readResponseFormat(chat.response_format, rules),
    maxTokens: chat.max_completion_tokens ?? chat.max_tokens ?? undefined,
    temperature: chat.temperature ?? undefined,
    topP: chat.top_p ?? undefined,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    n: chat.n ?? undefined,
    seed: chat.seed ?? undefined,
    presencePenalty: chat.presence_penalty ?? undefined,
    frequencyPenalty: chat.frequency_penalty ?? undefined,
    reasoningEffort: chat.reasoning_effort ?? undefined,
    user: chat.user ?? undefined,
  };
}

function readTools(tools: NonNullable<WireChat['tools']>, rules: Expressible): Tool[] {
  return tools.map(({ function: tool, ...rest }, index) => {
    const place = `body.tools[${index}]`;
    checkFields(rest, ['type'], place, rules);
    const known = ['name', 'description', 'parameters', 'strict'];
    checkFields(tool, known, `${place}.function`, rules);
    const { name, description, parameters, strict } = tool;
    return { name, description, parameters, strict: strict ?? undefined };
  });
}

function readToolChoice(choice: WireChat['tool_choice'], rules: Expressible): Chat['toolChoice'] {
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string') return choice;
  checkFields(choice, ['type', 'function'], 'body.tool_choice', rules);
  return { tool: choice.function.name };
}

function readResponseFormat(
  format: WireChat['response_format'],
  rules: Expressible,
): ResponseFormat | undefined {
  if (format === undefined || format === null) return undefined;
  if (format.type !== 'json_schema') return { type: format.type };
  const known = ['name', 'description', 'schema', 'strict'];
  checkFields(format.json_schema, known, 'body.response_format.json_schema', rules);
  const { name, description, schema, strict } = format.json_schema;
  return {
    type: 'json_schema',
    name,
    // A schema has a place for it, and nobody else has.
    schema: description == null ? schema : { description, ...schema },
    strict: strict ?? undefined,
  };
}
