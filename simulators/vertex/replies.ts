import {
  estimateTokens,
  type FakeRequest,
  fakeEmbedding,
  fakeText,
  hashOf,
  hexadecimal,
  seededRandom,
} from '../engine/content.ts';
import type { FailedVerdict } from '../engine/plan.ts';
import { isObject } from '../engine/router.ts';
import { type InputLine, type RunRequest, writeOutputFile } from '../engine/run.ts';
import { chatReply, embeddingsReply } from '../openai/bodies.ts';
import { claudeProblem, embeddingProblem, geminiProblem } from './input.ts';

/** Writes the rows of a job's output. A request that was not run has none. */
export function writeOutput(
  path: string,
  { model, processedTime }: { readonly model: string; readonly processedTime: string },
  requests: AsyncIterable<RunRequest>,
) {
  const publisher = /^publishers\/([^/]+)/.exec(model)?.[1] ?? 'google';
  const isEmbedding = publisher === 'google' && /embedding/.test(model);
  const rowOf = isEmbedding ? embeddingRow : (ROWS[publisher] ?? openModelRow);
  return writeOutputFile(path, requests, ({ line, verdict }) => {
    const { row, inputTokens, outputTokens } = rowOf({
      model: model.slice(model.lastIndexOf('/') + 1),
      line,
      failure: verdict === 'succeeded' ? undefined : ERRORS[verdict],
      body: isObject(line.request) ? line.request : {},
      inputTokens: estimateTokens(JSON.stringify(line).length),
      random: seededRandom(hashOf(contentOf(line))),
    });
    const hasFailed = verdict !== 'succeeded';
    return { row: { processed_time: processedTime, ...row }, hasFailed, inputTokens, outputTokens };
  });
}

/** The part of a line that equal requests share, so that they get equal replies. */
function contentOf({ custom_id: _, key: ___, request, ...line }: InputLine): string {
  const { labels: __, ...rest } = (request ?? {}) as Record<string, unknown>;
  return JSON.stringify([line, rest]);
}

/** An error of google.rpc. */
interface RpcError {
  readonly code: number;
  readonly status: string;
  readonly message: string;
}

const ERRORS: Readonly<Record<FailedVerdict, RpcError>> = {
  rate_limited: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Resource exhausted.' },
  server_error: { code: 500, status: 'INTERNAL', message: 'Internal error encountered.' },
  refused: { code: 400, status: 'INVALID_ARGUMENT', message: 'Invalid request: by plan.' },
};

interface VertexRequest extends FakeRequest {
  readonly model: string;
  readonly line: InputLine;
  /** The error that the plan has for the request. */
  readonly failure: RpcError | undefined;
}

interface VertexRow {
  readonly row: object;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Rows by the publisher of the model. */
const ROWS: Readonly<Record<string, (request: VertexRequest) => VertexRow>> = {
  anthropic: claudeRow,
  google: geminiRow,
};

/** The row of a request that the model refuses: the line with the error in `status`. */
function refusedRow(line: InputLine, status: string): VertexRow {
  return { inputTokens: 0, outputTokens: 0, row: { ...line, status, response: {} } };
}

function errorFor(failure: RpcError | undefined, problem: string | undefined) {
  if (failure) return failure;
  return problem === undefined ? undefined : { ...ERRORS.refused, message: problem };
}

/** https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/embeddings/batch-prediction-genai-embeddings */
function embeddingRow({ line, failure, body, inputTokens, random }: VertexRequest): VertexRow {
  const error = errorFor(failure, embeddingProblem(body));
  if (error) return refusedRow(line, `Error: ${JSON.stringify({ error })}`);
  const { output_dimensionality: asked } = isObject(body.embed_content_config)
    ? body.embed_content_config
    : {};
  const values = fakeEmbedding(typeof asked === 'number' ? asked : DIMENSIONS, random);
  const response = { embedding: { values }, usageMetadata: { promptTokenCount: inputTokens } };
  return { inputTokens, outputTokens: 0, row: { ...line, status: '', response } };
}

/** The dimensions of gemini-embedding-001. */
const DIMENSIONS = 3072;

/** A row of Gemini: the line with `status` and `response`. */
function geminiRow({ model, line, failure, body, inputTokens, random }: VertexRequest): VertexRow {
  const error = errorFor(failure, geminiProblem(body));
  if (error) return refusedRow(line, `Error: ${JSON.stringify({ error })}`);
  const { text, tokens: outputTokens } = fakeText(random);
  const tool = geminiTool(body);
  const part = tool === undefined ? { text } : { functionCall: { name: tool, args: { text } } };
  const response = {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: {
      promptTokenCount: inputTokens,
      candidatesTokenCount: outputTokens,
      totalTokenCount: inputTokens + outputTokens,
    },
    modelVersion: model,
    responseId: hexadecimal(random, 22),
  };
  return { inputTokens, outputTokens, row: { ...line, status: '', response } };
}

/** The function that the mode `ANY` forces: the allowed one, or the first one. */
function geminiTool({ tools, toolConfig }: FakeRequest['body']): string | undefined {
  const { functionCallingConfig: config } = isObject(toolConfig) ? toolConfig : {};
  if (!isObject(config) || config.mode !== 'ANY') return undefined;
  const [named] = Array.isArray(config.allowedFunctionNames) ? config.allowedFunctionNames : [];
  const [first] = Array.isArray(tools) ? tools : [];
  return String(named ?? first?.functionDeclarations?.[0]?.name);
}

/** A row of Claude: the line with `status` and `response`. */
function claudeRow({ model, line, failure, body, inputTokens, random }: VertexRequest): VertexRow {
  const error = errorFor(failure, claudeProblem(body, model));
  if (error) return refusedRow(line, JSON.stringify({ error }));
  const { text, tokens: outputTokens } = fakeText(random);
  const tool = claudeTool(body);
  const id = hexadecimal(random, 22);
  const block =
    tool === undefined
      ? { type: 'text', text }
      : { type: 'tool_use', id: `toolu_vrtx_${id}`, name: tool, input: { text } };
  const response = {
    id: `msg_vrtx_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [block],
    stop_reason: tool === undefined ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: inputTokens, output_tokens: outputTokens },
  };
  return { inputTokens, outputTokens, row: { ...line, status: '', response } };
}

/** The tool that `tool_choice` forces: the named one, or the first one where any will do. */
function claudeTool({ tools, tool_choice: choice }: FakeRequest['body']): string | undefined {
  if (!isObject(choice)) return undefined;
  if (choice.type === 'tool') return String(choice.name);
  const [first] = Array.isArray(tools) ? tools : [];
  return choice.type === 'any' ? String(first?.name) : undefined;
}

/** A row of an open model, in the format of OpenAI's output files. */
function openModelRow({ line, failure, inputTokens, random }: VertexRequest): VertexRow {
  const id = `batch_req_${hexadecimal(random, 24)}`;
  const row = (status_code: number, body: object) => ({
    id,
    custom_id: line.custom_id,
    response: { status_code, request_id: id, body },
    error: null,
  });
  if (failure)
    return { inputTokens: 0, outputTokens: 0, row: row(failure.code, { error: failure }) };
  const replyOf = line.url === '/v1/embeddings' ? embeddingsReply : chatReply;
  const body = isObject(line.body) ? line.body : {};
  const { body: reply, outputTokens } = replyOf({ body, inputTokens, created: 0, random });
  return { inputTokens, outputTokens, row: row(200, reply) };
}
