import type { FakeRequest } from '../engine/content.ts';
import { readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';

/** The two kinds of batches. */
export type BatchKind = 'GenerateContent' | 'EmbedContent';

/** What is known of a job's input. */
interface InputReport {
  readonly requests: number;
  /** Why the job cannot run. Absent if it can. */
  readonly problem?: string;
}

export async function inspectInput(path: string): Promise<InputReport> {
  let requests = 0;
  for await (const { number, bytes } of readLines(path)) {
    const line = parseJson(bytes.toString());
    if (!isObject(line) || typeof line.key !== 'string' || !isObject(line.request))
      return { requests, problem: `Line ${number} of the input file is no valid request.` };
    requests += 1;
  }
  return requests > 0 ? { requests } : { requests, problem: 'The input file is empty.' };
}

/** The fields of requests. The API refuses all others. */
const FIELDS: Readonly<Record<BatchKind, readonly string[]>> = {
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

/** Why the API refuses a request when it runs it. Undefined if it does not. */
export function requestProblem(
  kind: BatchKind,
  request: FakeRequest['body'],
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
  const call = parts.find((part) => isObject(part) && isObject(part.functionCall));
  return isObject(call) && call.thoughtSignature === undefined;
}
