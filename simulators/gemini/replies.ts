import { readLines } from '../engine/lines.ts';
import { chanceFrom, hexadecimal, type Verdict } from '../engine/plan.ts';
import { type RunRequest, refusedLine, writeLines } from '../engine/run.ts';
import { isObject } from '../engine/server.ts';
import { textFrom } from '../openai/replies.ts';
import { rpcStatus } from './errors.ts';
import type { BatchJob } from './jobs.ts';

interface Question {
  readonly request: Readonly<Record<string, unknown>>;
  /** `models/…` */
  readonly model: string;
  readonly inputTokens: number;
  /** Numbers in [0, 1), drawn from the line's hash: an equal request gets an equal reply. */
  readonly chance: () => number;
}

/** What stands in a line of the results beside the key, and what it cost. */
export type Answer = { readonly inputTokens: number; readonly outputTokens: number } & (
  | { readonly response: object }
  | { readonly error: object }
);

const BYTES_PER_TOKEN = 4;

/** What the model answers to a request whose line has this hash. */
function answer(
  { kind, model }: Pick<BatchJob, 'kind' | 'model'>,
  request: Question['request'],
  hash: number,
  bytes: number,
): Answer {
  const problem = problemOf(kind, request, model);
  if (problem !== undefined)
    return { inputTokens: 0, outputTokens: 0, error: rpcStatus('INVALID_ARGUMENT', problem) };
  const inputTokens = Math.ceil(bytes / BYTES_PER_TOKEN);
  const question = { request, model, inputTokens, chance: chanceFrom(hash) };
  return kind === 'EmbedContent' ? answerEmbedContent(question) : answerGenerateContent(question);
}

const MAX_CANDIDATES = 8;

/** A GenerateContentResponse. */
function answerGenerateContent(question: Question): Answer {
  const { request, model, inputTokens, chance } = question;
  const { candidateCount } = configOf(request);
  const count = typeof candidateCount === 'number' ? candidateCount : 1;
  const written = Array.from({ length: Math.min(count, MAX_CANDIDATES) }, () =>
    partOf(request, chance),
  );
  const outputTokens = written.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    inputTokens,
    outputTokens,
    response: {
      candidates: written.map(({ part }, index) => ({
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
      responseId: hexadecimal(chance, 22),
    },
  };
}

function partOf(request: Question['request'], chance: () => number) {
  const { text, tokens } = textFrom(chance);
  const name = functionToCall(request);
  if (name !== undefined) return { part: { functionCall: { name, args: { text } } }, tokens };
  const isJson = configOf(request).responseMimeType === 'application/json';
  return { part: { text: isJson ? JSON.stringify({ answer: text }) : text }, tokens };
}

/** The function that must be called: the one that is allowed, or the first. */
function functionToCall({ tools, toolConfig }: Question['request']): string | undefined {
  const config = isObject(toolConfig) ? toolConfig.functionCallingConfig : undefined;
  if (!isObject(config) || config.mode !== 'ANY') return undefined;
  const { allowedFunctionNames: allowed } = config;
  if (Array.isArray(allowed)) return String(allowed[0]);
  const [tool] = Array.isArray(tools) ? tools : [];
  return String(tool?.functionDeclarations?.[0]?.name);
}

function configOf({ generationConfig }: Question['request']): Record<string, unknown> {
  return isObject(generationConfig) ? generationConfig : {};
}

/** Of gemini-embedding-001. */
const DIMENSIONS = 3072;
const DECIMALS = 6;

/** An EmbedContentResponse. */
function answerEmbedContent({ request, inputTokens, chance }: Question): Answer {
  const asked = request.outputDimensionality;
  const length = typeof asked === 'number' ? asked : DIMENSIONS;
  const values = Array.from({ length }, () => Number((chance() * 0.1 - 0.05).toFixed(DECIMALS)));
  return {
    inputTokens,
    outputTokens: 0,
    // An int64, which JSON has as a string.
    response: { embedding: { values }, tokenCount: String(inputTokens) },
  };
}

/** Fields of the requests, which the API refuses any others beside. */
const FIELDS: Readonly<Record<BatchJob['kind'], readonly string[]>> = {
  // https://ai.google.dev/api/generate-content#request-body
  GenerateContent: [
    'contents',
    'systemInstruction',
    'tools',
    'toolConfig',
    'safetySettings',
    'generationConfig',
    'cachedContent',
  ],
  // https://ai.google.dev/api/embeddings#request-body
  EmbedContent: ['content', 'taskType', 'title', 'outputDimensionality'],
};

/** What the API would refuse the request for. */
function problemOf(
  kind: BatchJob['kind'],
  request: Readonly<Record<string, unknown>>,
  model: string,
): string | undefined {
  const unknown = Object.keys(request).find((name) => !FIELDS[kind].includes(name));
  if (unknown !== undefined)
    return `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`;
  if (kind === 'EmbedContent')
    return isObject(request.content) ? undefined : 'content is not specified';
  const { contents } = request;
  if (!Array.isArray(contents) || contents.length === 0) return 'contents is not specified';
  for (const content of contents) {
    const parts: unknown = content?.parts;
    if (!Array.isArray(parts) || parts.length === 0) return 'contents.parts must not be empty.';
    if (needsSignature(model) && isUnsigned(parts))
      return 'Function call is missing a thought_signature in functionCall parts.';
  }
  return undefined;
}

/** https://ai.google.dev/gemini-api/docs/thought-signatures */
function needsSignature(model: string): boolean {
  return /gemini-[3-9]/.test(model);
}

function isUnsigned(parts: readonly unknown[]): boolean {
  const first = parts.find((part) => isObject(part) && isObject(part.functionCall));
  return isObject(first) && first.thoughtSignature === undefined;
}

/** What is known of a job's input. */
export interface Input {
  readonly requests: number;
  /** Why it cannot be run. */
  readonly problem?: string;
}

export async function inspectInput(path: string): Promise<Input> {
  let requests = 0;
  for await (const { number, bytes } of readLines(path)) {
    if (!isRequest(bytes))
      return { requests, problem: `Line ${number} of the input file is no valid request.` };
    requests += 1;
  }
  return requests > 0 ? { requests } : { requests, problem: 'The input file is empty.' };
}

function isRequest(bytes: Buffer): boolean {
  try {
    const line: unknown = JSON.parse(bytes.toString());
    return isObject(line) && typeof line.key === 'string' && isObject(line.request);
  } catch {
    return false;
  }
}

const ERRORS: Readonly<Record<Exclude<Verdict, 'succeeded' | 'not_run'>, object>> = {
  rate_limited: rpcStatus('RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'),
  server_error: rpcStatus('INTERNAL', 'An internal error has occurred.'),
  refused: rpcStatus('INVALID_ARGUMENT', 'Request contains an invalid argument.'),
};

/** Writes a job's results, each under the key of its request. */
export function writeOutput(
  path: string,
  job: Pick<BatchJob, 'kind' | 'model'>,
  requests: AsyncIterable<RunRequest>,
) {
  return writeLines(path, requests, ({ id: key, line, verdict, hash, bytes }) => {
    if (verdict !== 'succeeded') return refusedLine({ key, error: ERRORS[verdict] });
    const request = line.request as Readonly<Record<string, unknown>>;
    const { inputTokens, outputTokens, ...reply } = answer(job, request, hash, bytes);
    const hasFailed = 'error' in reply;
    return { line: { key, ...reply }, hasFailed, inputTokens, outputTokens };
  });
}
