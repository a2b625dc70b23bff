import type { FakeRequest } from '../engine/content.ts';
import { readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';
import { invalid } from './errors.ts';

/** The two kinds of batches. */
export type BatchKind = 'GenerateContent' | 'EmbedContent';

/**
 * Reads the input of a job.
 *
 * @returns how many requests it has
 * @throws ApiError for the first request that is malformed
 */
export async function inspectInput(kind: BatchKind, path: string): Promise<number> {
  let requests = 0;
  for await (const { number, bytes } of readLines(path)) {
    const line = parseJson(bytes.toString());
    if (!isObject(line) || typeof line.key !== 'string' || !isObject(line.request))
      throw invalid(`Line ${number} of the input file is no valid request.`);
    const problem = formProblem(kind, requestOf(line));
    if (problem !== undefined) throw invalid(`Line ${number} of the input file: ${problem}`);
    requests += 1;
  }
  if (requests === 0) throw invalid('The input file is empty.');
  return requests;
}

/** The request of a line. Google's JSON takes the names of fields in either case. */
export function requestOf({ request }: Readonly<Record<string, unknown>>): FakeRequest['body'] {
  return camelCased(request) as FakeRequest['body'];
}

function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => [
    name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    camelCased(one),
  ]);
  return Object.fromEntries(entries);
}

/** The fields of requests. The API refuses all others. */
const FIELDS: Readonly<Record<BatchKind, readonly string[]>> = {
  // https://ai.google.dev/api/generate-content#request-body
  GenerateContent: [
    'model',
    'contents',
    'systemInstruction',
    'tools',
    'toolConfig',
    'safetySettings',
    'generationConfig',
    'cachedContent',
    'serviceTier',
    'store',
  ],
  // https://ai.google.dev/api/embeddings#request-body
  EmbedContent: ['model', 'content', 'taskType', 'title', 'outputDimensionality'],
};

/** Why the API cannot read a request. Undefined if it can. */
function formProblem(kind: BatchKind, request: FakeRequest['body']): string | undefined {
  const unknown = Object.keys(request).find((name) => !FIELDS[kind].includes(name));
  if (unknown !== undefined)
    return `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`;
  if (kind === 'EmbedContent')
    return isObject(request.content) ? undefined : 'content is not specified';
  const { contents } = request;
  if (!Array.isArray(contents) || contents.length === 0) return 'contents is not specified';
  const isEmpty = ({ parts }: { parts?: unknown }) => !Array.isArray(parts) || parts.length === 0;
  return contents.some(isEmpty) ? 'contents.parts must not be empty.' : undefined;
}

/** Why the API refuses a request when it runs it. Undefined if it does not. */
export function requestProblem(request: FakeRequest['body'], model: string): string | undefined {
  const contents = Array.isArray(request.contents) ? request.contents : [];
  const isRefused = needsSignature(model) && contents.some(({ parts }) => isUnsigned(parts));
  return isRefused
    ? 'Function call is missing a thought_signature in functionCall parts.'
    : undefined;
}

/** https://ai.google.dev/gemini-api/docs/thought-signatures */
function needsSignature(model: string): boolean {
  return /gemini-[3-9]/.test(model);
}

function isUnsigned(parts: readonly unknown[]): boolean {
  const call = parts.find((part) => isObject(part) && isObject(part.functionCall));
  return isObject(call) && call.thoughtSignature === undefined;
}
