import { LineWriter } from '../engine/lines.ts';
import { chanceFrom, hexadecimal, mix } from '../engine/plan.ts';
import type { RunRequest } from '../engine/run.ts';
import { isObject } from '../engine/server.ts';
import { lastStatuses } from '../engine/timeline.ts';
import { textFrom } from '../openai/replies.ts';
import { errorObject } from './errors.ts';
import type { BatchJob } from './jobs.ts';

type Params = Readonly<Record<string, unknown>>;

const CHARACTERS_PER_TOKEN = 4;

/** What the model answers to a request whose line has this hash: equal ones get equal answers. */
function answerMessage(params: Params, hash: number, inputTokens: number) {
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

const WORDS = ['amber', 'birch', 'cedar', 'delta'];
const MAX_NUMBER = 100;

/** A value of the plainest JSON schemas: of any other, an empty object. */
function sampleOf(schema: unknown, chance: () => number): unknown {
  if (!isObject(schema)) return {};
  if (Array.isArray(schema.enum)) return schema.enum[Math.floor(chance() * schema.enum.length)];
  switch (schema.type) {
    case 'string':
      return WORDS[Math.floor(chance() * WORDS.length)];
    case 'number':
    case 'integer':
      return Math.floor(chance() * MAX_NUMBER);
    case 'boolean':
      return chance() < 1 / 2;
    case 'array':
      return [sampleOf(schema.items, chance)];
    default: {
      const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
      return Object.fromEntries(properties.map(([name, part]) => [name, sampleOf(part, chance)]));
    }
  }
}

const ERRORS = {
  rate_limited: ['rate_limit_error', 'Number of requests has exceeded your rate limit.'],
  server_error: ['api_error', 'Internal server error'],
  refused: ['invalid_request_error', 'messages: the request was refused by plan'],
} as const;

const BYTES_PER_TOKEN = 4;

/** Writes the results of a batch, in the order in which its requests were run. */
export async function writeResults(
  path: string,
  job: BatchJob,
  requests: AsyncIterable<RunRequest>,
) {
  const target = await LineWriter.create(path);
  const left = { type: lastStatuses(job).end === 'cancelled' ? 'canceled' : 'expired' };
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { line, verdict, hash, bytes } of requests) {
      const write = (result: object) =>
        target.write(JSON.stringify({ custom_id: line.custom_id, result }));
      if (verdict === 'succeeded') {
        const inputTokens = Math.ceil(bytes / BYTES_PER_TOKEN);
        const { params } = line;
        const message = answerMessage(isObject(params) ? params : {}, hash, inputTokens);
        usage.inputTokens += inputTokens;
        usage.outputTokens += message.usage.output_tokens;
        succeeded += 1;
        await write({ type: 'succeeded', message });
      } else if (verdict === 'not_run') {
        await write(left);
      } else {
        const [type, text] = ERRORS[verdict];
        const requestId = `req_${hexadecimal(chanceFrom(mix(hash, job.position)), 24)}`;
        failed += 1;
        await write({ type: 'errored', error: errorObject(type, text, requestId) });
      }
    }
  } finally {
    await target.close();
  }
  return { succeeded, failed, usage };
}
