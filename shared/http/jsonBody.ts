import type * as z from 'zod';
import { invalidText } from '../invalid/text.ts';
import { isObject, tryParseJson } from '../jsonl/rows.ts';
import { ApiError } from './apiError.ts';
import type { HttpContext } from './routes.ts';

/** Bytes of a body. The largest metadata has 9,216 characters. */
const MAX_JSON_BYTES = 64 * 1024;

/**
 * Reads the JSON of a request. A field that is null counts as absent, as clients send it.
 *
 * @param maxBytes default: 64 KiB
 * @throws ApiError 400 for a body that the schema does not take, 413 for one that is too large
 */
export async function readJson<T>(
  context: HttpContext,
  schema: z.ZodType<T>,
  maxBytes = MAX_JSON_BYTES,
): Promise<{ readonly value: T; readonly text: string }> {
  const text = await readText(context.req.raw, maxBytes);
  const body = tryParseJson(text);
  if (!isObject(body)) {
    const message =
      'The body of the request is not a JSON object: send one with content-type application/json';
    throw new ApiError(400, message, { code: 'invalid_json' });
  }
  return { value: parseFields(schema, withoutNulls(body)), text };
}

/** @throws ApiError 400 naming the first field that the schema does not take */
export function parseFields<T>(schema: z.ZodType<T>, input: Record<string, unknown>): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  // A failed parse has an issue.
  throw invalidField(issue as z.core.$ZodIssue, schema, input);
}

function invalidField(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  input: Record<string, unknown>,
): ApiError {
  const [unknown] = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const path = unknown === undefined ? issue.path : [...issue.path, unknown];
  const param = path.map(String).join('.').slice(0, 200);
  const message = invalidText({ issues: [issue] }, { input, schema });
  if (unknown !== undefined)
    return new ApiError(400, message, { code: 'unknown_parameter', param });
  const isMissing = issue.path.length === 1 && !Object.hasOwn(input, param);
  const code = isMissing ? 'missing_required_parameter' : 'invalid_value';
  return new ApiError(400, message, { code, param });
}

function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of unbroken(request.body ?? [])) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      const message = `The body of the request has over ${maxBytes} bytes: make it smaller`;
      throw new ApiError(413, message, { code: 'request_too_large' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** @throws ApiError 400 if the client breaks off, which is no fault of ours */
async function* unbroken(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  try {
    yield* body;
  } catch {
    const message = 'The body of the request broke off: send the request again';
    throw new ApiError(400, message, { code: 'body_incomplete' });
  }
}
