import { stat } from 'node:fs/promises';
import { readLines } from '../lines.ts';
import { LineWriter } from '../lineWriter.ts';
import { isObject } from '../readJson.ts';
import type { BatchError } from './batchRecord.ts';
import { checkLine, parseLine, type Seen } from './lineCheck.ts';
import type { Manner } from './manner.ts';

/** Of one batch: developers.openai.com, Batch, "up to 200 MB". */
const MAX_BYTES = 200 * 1024 * 1024;
const MAX_ERRORS = 100;

/**
 * Checks the whole input of a batch.
 *
 * @param sentPath gets the `custom_id`s, one JSON string a line
 */
export async function inspectInput(
  input: { path: string; endpoint: string },
  sentPath: string,
  manner: Manner,
  signal: AbortSignal,
): Promise<{ requests: number; errors: BatchError[] }> {
  const errors: BatchError[] = [];
  const whole = (code: string, message: string) =>
    errors.push({ code, message, param: null, line: null });
  const { size } = await stat(input.path);
  if (size > MAX_BYTES) {
    whole('file_too_large', `The input file has ${size} bytes, over ${MAX_BYTES}.`);
    return { requests: 0, errors };
  }

  const seen: Seen = { customIds: new Set(), model: undefined };
  const sent = await LineWriter.create(sentPath);
  let requests = 0;
  try {
    for await (const line of readLines(input.path, signal)) {
      requests += 1;
      if (requests > manner.maxRequests) {
        whole('too_many_tasks', `The input file has over ${manner.maxRequests} requests.`);
        break;
      }
      const checked = checkLine(line.bytes, line.number, { ...input, manner, seen });
      errors.push(...checked.errors.slice(0, MAX_ERRORS - errors.length));
      if (checked.customId !== undefined) await sent.write(JSON.stringify(checked.customId));
    }
  } finally {
    await sent.close();
  }
  if (requests === 0)
    whole('empty_file', 'The input file is empty: the batch must contain at least one request.');
  return { requests, errors };
}

/** The model and the endpoint of the first line, if it names them. */
export async function firstRequest(path: string): Promise<{ model?: string; url?: string }> {
  for await (const line of readLines(path)) {
    const request = parseLine(line.bytes);
    const { url, body } = isObject(request) ? request : {};
    const { model } = isObject(body) ? body : {};
    return {
      ...(typeof model === 'string' ? { model } : {}),
      ...(typeof url === 'string' ? { url } : {}),
    };
  }
  return {};
}
