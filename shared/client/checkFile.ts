import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ClientError } from './clientError.ts';

/** A first line longer than this is not looked at further: the inspection will. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Tells a JSONL file from everything else by its first line that is not blank. Whatever else may
 * be wrong with it is for the handler to find, and ends its batch with the reasons.
 *
 * @throws ClientError, naming the file and what is wrong with it
 */
export async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw invalid(error.code === 'ENOENT' ? `${path}: no such file` : `${path}: ${error.message}`);
  });
  if (!found.isFile()) throw invalid(`${path}: not a file`);
  const line = await firstLine(path).catch((error: NodeJS.ErrnoException) => {
    throw invalid(`${path}: cannot be read: ${error.message}`);
  });
  if (line !== undefined && !isObject(line))
    throw invalid(
      `${path}: not JSONL: its first line is not a JSON object but ${JSON.stringify(line.slice(0, 40))}`,
    );
}

/** The first line that is not blank; undefined if there is none, or none within the limit. */
async function firstLine(path: string): Promise<string | undefined> {
  let text = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    text = (text + chunk).replace(/^[\uFEFF\s]+/, '');
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > MAX_LINE_BYTES) return undefined;
  }
  return text === '' ? undefined : text;
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function invalid(message: string): ClientError {
  return new ClientError('invalid_input', message);
}
