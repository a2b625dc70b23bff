import { isObject } from '../../readJson.ts';
import type { BatchJob } from '../batchJob.ts';

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
export function problemOf(
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
