import { chanceFrom, hexadecimal } from '../../chance.ts';
import { textFrom } from '../../openai/replies/text.ts';
import { isObject } from '../../readJson.ts';
import { sampleOf } from './sample.ts';

type Params = Readonly<Record<string, unknown>>;

const CHARACTERS_PER_TOKEN = 4;

/** What the model answers to a request whose line has this hash: equal ones get equal answers. */
export function answerMessage(params: Params, hash: number, inputTokens: number) {
  const chance = chanceFrom(hash);
  const id = `msg_${hexadecimal(chance, 24)}`;
  const call = toolCallOf(params, chance);
  const text = schemaOf(params)
    ? JSON.stringify(sampleOf(schemaOf(params), chance))
    : textFrom(chance).text;
  const content = call ? [call] : [{ type: 'text', text, citations: null }];
  return {
    id,
    type: 'message',
    role: 'assistant',
    model: params.model,
    content,
    stop_reason: call ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    stop_details: null,
    container: null,
    usage: {
      input_tokens: inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: Math.ceil(JSON.stringify(content).length / CHARACTERS_PER_TOKEN),
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: 'batch',
      inference_geo: 'global',
      speed: null,
    },
  };
}

/** A tool is called when the request forces one. */
function toolCallOf({ tools, tool_choice: choice }: Params, chance: () => number) {
  if (!Array.isArray(tools) || !isObject(choice)) return undefined;
  if (choice.type !== 'any' && choice.type !== 'tool') return undefined;
  const tool: unknown =
    choice.type === 'any' ? tools[0] : tools.find(({ name }) => name === choice.name);
  if (!isObject(tool)) return undefined;
  const id = `toolu_${hexadecimal(chance, 24)}`;
  return { type: 'tool_use', id, name: tool.name, input: sampleOf(tool.input_schema, chance) };
}

function schemaOf({ output_config: config }: Params): unknown {
  return isObject(config) && isObject(config.format) ? config.format.schema : undefined;
}
