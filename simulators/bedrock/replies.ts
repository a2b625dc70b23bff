import { problemOf, urlSourceProblem } from '../anthropic/params.ts';
import {
  estimateTokens,
  type FakeReply,
  type FakeRequest,
  fakeEmbedding,
  fakeText,
  hexadecimal,
  seededRandom,
} from '../engine/content.ts';
import type { FailedVerdict } from '../engine/plan.ts';
import { isObject } from '../engine/router.ts';
import { FAILED_ROW, type RunRequest, writeOutputFile } from '../engine/run.ts';

interface Model {
  readonly modelId: string;
  readonly invocationType: string;
}

const ERRORS: Readonly<Record<FailedVerdict, object>> = {
  rate_limited: { errorCode: 429, errorMessage: 'Too many requests, please wait and try again.' },
  server_error: { errorCode: 500, errorMessage: 'The model failed to answer this request.' },
  refused: { errorCode: 400, errorMessage: 'Malformed input request: refused by plan.' },
};

/** Writes the output of a job. A record that was not run has no line. */
export function writeOutput(path: string, model: Model, requests: AsyncIterable<RunRequest>) {
  return writeOutputFile(path, requests, ({ id: recordId, line, verdict, hash, bytes }) => {
    const modelInput = line.modelInput as FakeRequest['body'];
    if (verdict !== 'succeeded')
      return { row: { modelInput, error: ERRORS[verdict], recordId }, ...FAILED_ROW };
    const inputTokens = estimateTokens(bytes);
    const request = { body: modelInput, inputTokens, random: seededRandom(hash) };
    const reply = replyOf(model, request);
    if ('error' in reply) return { row: { modelInput, ...reply, recordId }, ...FAILED_ROW };
    const { body: modelOutput, outputTokens } = reply;
    const row = { modelInput, modelOutput, recordId };
    return { row, hasFailed: false, inputTokens, outputTokens };
  });
}

/** A record that the model refuses. */
interface Refusal {
  readonly error: object;
}

/** The model's reply to a record. */
export function replyOf(
  { modelId, invocationType }: Model,
  request: FakeRequest,
): FakeReply | Refusal {
  const { body } = request;
  if (invocationType === 'Converse') {
    // https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html
    if ('toolConfig' in body) return refusal('toolConfig is not supported in batch inference');
    return converseReply(request);
  }
  if (/anthropic\.claude/.test(modelId)) {
    if (body.anthropic_version !== 'bedrock-2023-05-31') return refusal('anthropic_version');
    if ('model' in body) return refusal('extraneous key [model]');
    const problem = problemOf(body, modelId) ?? urlSourceProblem(body);
    if (problem !== undefined) return { error: { errorCode: 400, errorMessage: problem } };
    return messageReply(request, modelId);
  }
  if (/titan-embed/.test(modelId)) return titanReply(request);
  if (/amazon\.nova/.test(modelId)) return converseReply(request);
  return { outputTokens: 1, body: { echo: Object.keys(body).sort() } };
}

function refusal(what: string): Refusal {
  return { error: { errorCode: 400, errorMessage: `Malformed input request: ${what}` } };
}

/** A response of Converse, which is also the format of Amazon Nova. */
function converseReply({ body, inputTokens, random }: FakeRequest): FakeReply {
  const { text, tokens: outputTokens } = fakeText(random);
  const tool = converseTool(body.toolConfig);
  const call = () => ({
    toolUse: { toolUseId: `tooluse_${hexadecimal(random, 22)}`, name: tool, input: { text } },
  });
  return {
    outputTokens,
    body: {
      output: { message: { role: 'assistant', content: [tool === undefined ? { text } : call()] } },
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

/** The tool that `toolChoice` forces: the named one, or the first one where any will do. */
function converseTool(config: unknown): string | undefined {
  const { tools, toolChoice: choice } = isObject(config) ? config : {};
  if (!isObject(choice)) return undefined;
  if (isObject(choice.tool)) return String(choice.tool.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return isObject(choice.any) ? String(first?.toolSpec?.name) : undefined;
}

/** A message of Anthropic's Messages API. */
function messageReply({ body, inputTokens, random }: FakeRequest, model: string): FakeReply {
  const { text, tokens: outputTokens } = fakeText(random);
  const id = `msg_bdrk_${hexadecimal(random, 22)}`;
  const tool = messagesTool(body);
  const content =
    tool === undefined
      ? { type: 'text', text }
      : {
          type: 'tool_use',
          id: `toolu_bdrk_${hexadecimal(random, 22)}`,
          name: tool,
          input: { text },
        };
  return {
    outputTokens,
    body: {
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

/** The tool that `tool_choice` forces: the named one, or the first one where any will do. */
function messagesTool({ tools, tool_choice: choice }: FakeRequest['body']): string | undefined {
  if (!isObject(choice)) return undefined;
  if (choice.type === 'tool') return String(choice.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return choice.type === 'any' ? String(first?.name) : undefined;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
const DIMENSIONS = 1024;

/** An embedding of Titan Text Embeddings V2. */
function titanReply({ body, inputTokens, random }: FakeRequest): FakeReply {
  const length = typeof body.dimensions === 'number' ? body.dimensions : DIMENSIONS;
  const embedding = fakeEmbedding(length, random);
  return {
    outputTokens: 0,
    body: {
      embedding,
      embeddingsByType: { float: embedding },
      inputTextTokenCount: inputTokens,
    },
  };
}
