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
import { rpcStatus } from './errors.ts';
import { type BatchKind, requestOf, requestProblem } from './input.ts';

const ERRORS: Readonly<Record<FailedVerdict, object>> = {
  rate_limited: rpcStatus('RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'),
  server_error: rpcStatus('INTERNAL', 'An internal error has occurred.'),
  refused: rpcStatus('INVALID_ARGUMENT', 'Request contains an invalid argument.'),
};

/** Writes the results of a job, each with the key of its request. */
export function writeOutput(
  path: string,
  { kind, model }: { readonly kind: BatchKind; readonly model: string },
  requests: AsyncIterable<RunRequest>,
) {
  return writeOutputFile(path, requests, ({ id: key, line, verdict, hash, bytes }) => {
    if (verdict !== 'succeeded') return { row: { key, error: ERRORS[verdict] }, ...FAILED_ROW };
    const body = requestOf(line);
    const problem = requestProblem(body, model);
    if (problem !== undefined)
      return { row: { key, error: rpcStatus('INVALID_ARGUMENT', problem) }, ...FAILED_ROW };
    const inputTokens = estimateTokens(bytes);
    const request = { body, inputTokens, random: seededRandom(hash) };
    const { body: response, outputTokens } =
      kind === 'EmbedContent' ? embeddingReply(request) : contentReply(request, model);
    return { row: { key, response }, hasFailed: false, inputTokens, outputTokens };
  });
}

const MAX_CANDIDATES = 8;

/** A GenerateContentResponse. */
function contentReply({ body, inputTokens, random }: FakeRequest, model: string): FakeReply {
  const { candidateCount } = configOf(body);
  const count = typeof candidateCount === 'number' ? candidateCount : 1;
  const parts = Array.from({ length: Math.min(count, MAX_CANDIDATES) }, () => partOf(body, random));
  const outputTokens = parts.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      candidates: parts.map(({ part }, index) => ({
        content: { parts: [part], role: 'model' },
        finishReason: 'STOP',
        index,
      })),
      usageMetadata: {
        promptTokenCount: inputTokens,
        candidatesTokenCount: outputTokens,
        totalTokenCount: inputTokens + outputTokens,
      },
      modelVersion: model.replace('models/', ''),
      responseId: hexadecimal(random, 22),
    },
  };
}

function partOf(body: FakeRequest['body'], random: () => number) {
  const { text, tokens } = fakeText(random);
  const name = forcedFunction(body);
  if (name !== undefined) return { part: { functionCall: { name, args: { text } } }, tokens };
  const isJson = configOf(body).responseMimeType === 'application/json';
  return { part: { text: isJson ? JSON.stringify({ answer: text }) : text }, tokens };
}

/** The function that the mode `ANY` forces: the allowed one, or the first one. */
function forcedFunction({ tools, toolConfig }: FakeRequest['body']): string | undefined {
  const config = isObject(toolConfig) ? toolConfig.functionCallingConfig : undefined;
  if (!isObject(config) || config.mode !== 'ANY') return undefined;
  const { allowedFunctionNames: allowed } = config;
  if (Array.isArray(allowed)) return String(allowed[0]);
  const [tool] = Array.isArray(tools) ? tools : [];
  return String(tool?.functionDeclarations?.[0]?.name);
}

function configOf({ generationConfig }: FakeRequest['body']): Record<string, unknown> {
  return isObject(generationConfig) ? generationConfig : {};
}

/** The dimensions of gemini-embedding-001. */
const DIMENSIONS = 3072;

/** An EmbedContentResponse. */
function embeddingReply({ body, inputTokens, random }: FakeRequest): FakeReply {
  const asked = body.outputDimensionality;
  const values = fakeEmbedding(typeof asked === 'number' ? asked : DIMENSIONS, random);
  // tokenCount is an int64, which is a string in JSON.
  return {
    outputTokens: 0,
    body: { embedding: { values }, tokenCount: String(inputTokens) },
  };
}
