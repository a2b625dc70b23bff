import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The JSON object in the body of a call.
 *
 * @param refuse makes the provider's error for a body that is no JSON object or over 1 MiB
 */
export async function readJson(
  request: IncomingMessage,
  refuse: (problem: string) => Error,
): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw refuse(`the body has ${bytes} bytes, over ${MAX_BODY_BYTES}`);
  const value = parse(Buffer.concat(chunks).toString());
  if (!isObject(value)) throw refuse('the body is not a JSON object');
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
