import { stat } from 'node:fs/promises';
import { readLines } from '../lines.ts';
import { LineWriter } from '../lineWriter.ts';
import type { BatchError } from './batchRecord.ts';
import { checkLine, parseLine, type Seen } from './lineCheck.ts';

/** Of one batch: developers.openai.com, Batch, "up to 50,000 requests … up to 200 MB". */
const MAX_REQUESTS = 50_000;
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
      if (requests > MAX_REQUESTS) {
        whole('too_many_tasks', `The input file has over ${MAX_REQUESTS} requests.`);
        break;
      }
      const checked = checkLine(line.bytes, line.number, input.endpoint, seen);
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

/** The model of the first line, if it names one. */
export async function modelOf(path: string): Promise<string | undefined> {
  for await (const line of readLines(path)) {
    const request = parseLine(line.bytes) as { body?: { model?: unknown } } | null | undefined;
    const model = request?.body?.model;
    return typeof model === 'string' ? model : undefined;
  }
  return undefined;
}
