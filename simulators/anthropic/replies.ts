import {
  estimateTokens,
  type FakeReply,
  type FakeRequest,
  fakeText,
  hexadecimal,
  mix,
  seededRandom,
} from '../engine/content.ts';
import { LineWriter } from '../engine/lines.ts';
import type { FailedVerdict } from '../engine/plan.ts';
import { isObject } from '../engine/router.ts';
import { FAILED_ROW, type JobOutput, type RunRequest, writeRows } from '../engine/run.ts';
import { finalStatuses, type JobRecord } from '../engine/timeline.ts';
import { errorObject } from './errors.ts';
import { problemOf } from './params.ts';

const ERRORS: Readonly<Record<FailedVerdict, readonly [type: string, message: string]>> = {
  rate_limited: ['rate_limit_error', 'Number of requests has exceeded your rate limit.'],
  server_error: ['api_error', 'Internal server error'],
  refused: ['invalid_request_error', 'messages: the request was refused by plan'],
};

/** Writes the results of a batch in the order in which its requests were run. */
export async function writeResults(
  path: string,
  job: JobRecord,
  requests: AsyncIterable<RunRequest>,
): Promise<JobOutput> {
  const file = await LineWriter.create(path);
  const notRun = { type: finalStatuses(job).end === 'cancelled' ? 'canceled' : 'expired' };
  try {
    return await writeRows(requests, async ({ line, verdict, hash, bytes }) => {
      const write = (result: object) =>
        file.write(JSON.stringify({ custom_id: line.custom_id, result }));
      if (verdict === 'not_run') {
        await write(notRun);
        return undefined;
      }
      const params = isObject(line.params) ? line.params : {};
      const problem = problemOf(params, String(params.model));
      if (verdict !== 'succeeded' || problem !== undefined) {
        const [type, message] =
          verdict === 'succeeded' ? ['invalid_request_error', problem ?? ''] : ERRORS[verdict];
        const requestId = `req_${hexadecimal(seededRandom(mix(hash, job.position)), 24)}`;
        await write({ type: 'errored', error: errorObject(type, message, requestId) });
        return FAILED_ROW;
      }
      const inputTokens = estimateTokens(bytes);
      const { body, outputTokens } = messageReply({
        body: params,
        inputTokens,
        random: seededRandom(hash),
      });
      await write({ type: 'succeeded', message: body });
      return { hasFailed: false, inputTokens, outputTokens };
    });
  } finally {
    await file.close();
  }
}

/** The model's reply to the `params` of a request. */
function messageReply({ body: params, inputTokens, random }: FakeRequest): FakeReply {
  const id = `msg_${hexadecimal(random, 24)}`;
  const call = toolCallOf(params, random);
  const schema = schemaOf(params);
  const text = schema ? JSON.stringify(sampleOf(schema, random)) : fakeText(random).text;
  const content = call ? [call] : [{ type: 'text', text, citations: null }];
  const outputTokens = estimateTokens(JSON.stringify(content).length);
  return {
    outputTokens,
    body: {
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
        output_tokens: outputTokens,
        output_tokens_details: null,
        server_tool_use: null,
        service_tier: 'batch',
        inference_geo: 'global',
        speed: null,
      },
    },
  };
}

/** The model calls a tool only if the request forces one. */
function toolCallOf({ tools, tool_choice: choice }: FakeRequest['body'], random: () => number) {
  if (!Array.isArray(tools) || !isObject(choice)) return undefined;
  if (choice.type !== 'any' && choice.type !== 'tool') return undefined;
  const tool: unknown =
    choice.type === 'any' ? tools[0] : tools.find(({ name }) => name === choice.name);
  if (!isObject(tool)) return undefined;
  const id = `toolu_${hexadecimal(random, 24)}`;
  return { type: 'tool_use', id, name: tool.name, input: sampleOf(tool.input_schema, random) };
}

function schemaOf({ output_config: config }: FakeRequest['body']): unknown {
  return isObject(config) && isObject(config.format) ? config.format.schema : undefined;
}

const WORDS = ['amber', 'birch', 'cedar', 'delta'];
const MAX_SAMPLE = 100;

/** A value that fits a simple JSON schema. Other schemas get an empty object. */
function sampleOf(schema: unknown, random: () => number): unknown {
  if (!isObject(schema)) return {};
  if (Array.isArray(schema.enum)) return schema.enum[Math.floor(random() * schema.enum.length)];
  switch (schema.type) {
    case 'string':
      return WORDS[Math.floor(random() * WORDS.length)];
    case 'number':
    case 'integer':
      return Math.floor(random() * MAX_SAMPLE);
    case 'boolean':
      return random() < 1 / 2;
    case 'array':
      return [sampleOf(schema.items, random)];
    default: {
      const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
      return Object.fromEntries(properties.map(([name, part]) => [name, sampleOf(part, random)]));
    }
  }
}
