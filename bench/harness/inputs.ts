import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Files of requests and results with texts of real size and look, the same in every run. */

export interface Shape {
  readonly requests: number;
  /** Approximate length of one line, in bytes. */
  readonly lineBytes: number;
}

export interface FileOf {
  readonly kind: keyof typeof LINES;
  readonly shape: Shape;
  readonly order?: OrderName;
}

/** Order of a job's rows, compared with that of its requests. */
export type OrderName = keyof typeof ORDERS;

/** Rows change places within blocks of this many, as requests run side by side. */
const BLOCK = 1_000;

const ORDERS = {
  'as asked': (position: number) => position,
  'nearly as asked': (position: number, count: number) => {
    const start = position - (position % BLOCK);
    return start + shuffled(position - start, Math.min(BLOCK, count - start));
  },
  shuffled,
} as const;

/** Writes the lines to a file in the directory and returns its path. */
export async function writeLines(directory: string, name: string, file: FileOf): Promise<string> {
  const { kind, shape, order = 'as asked' } = file;
  const path = join(directory, name);
  const chunks = chunksOf(LINES[kind], shape, (position) =>
    ORDERS[order](position, shape.requests),
  );
  await pipeline(Readable.from(chunks), createWriteStream(path));
  return path;
}

/** A prime that divides no number of requests here, so the steps reach every position once. */
const STEP = 7_919;

function shuffled(position: number, count: number): number {
  return (position * STEP) % count;
}

/**
 * A whole file of lines in chunks of about 1 MB.
 *
 * @param order the index of the line at each position; default: the same
 */
export function* chunksOf(
  line: (index: number, shape: Shape) => string,
  shape: Shape,
  order: (position: number) => number = (position) => position,
): Generator<Buffer> {
  let text = '';
  for (let position = 0; position < shape.requests; position++) {
    text += line(order(position), shape);
    if (text.length < 1_000_000) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

const PLAIN =
  'the batch of requests that was sent to a "model" returned its answers in another order than they were asked; each is one line with a custom id, a status and a body.\n';
const ACCENTED = PLAIN.replace('"model"', '“model” (模型)');
/** One line in this many has letters beyond Latin, which take two bytes each in memory. */
const ACCENTED_EVERY = 4;

/** Bytes of a line that are not its text. */
const ENVELOPE_BYTES = { request: 185, result: 420 };

/** A request in the batch format. */
export function requestLine(index: number, { lineBytes }: Shape): string {
  const text = prose(index, lineBytes - ENVELOPE_BYTES.request);
  const messages = [{ role: 'user', content: text }];
  const body = { model: 'gpt-5-mini', messages, max_completion_tokens: 256 };
  const custom_id = customIdOf(index);
  return `${JSON.stringify({ custom_id, method: 'POST', url: '/v1/chat/completions', body })}\n`;
}

/** A successful row of a job's output. */
function resultLine(index: number, { lineBytes }: Shape): string {
  const content = prose(index, lineBytes - ENVELOPE_BYTES.result);
  const body = {
    id: `chatcmpl-${index}`,
    object: 'chat.completion',
    created: 1_800_000_000,
    model: 'gpt-5-mini',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 200, completion_tokens: 150, total_tokens: 350 },
  };
  const response = { status_code: 200, request_id: `req_${index}`, body };
  const row = { id: `batch_req_${index}`, custom_id: customIdOf(index), response, error: null };
  return `${JSON.stringify(row)}\n`;
}

/** Bytes of a number of an embedding with its comma, as JSON. */
const NUMBER_BYTES = 22;

/** A successful row with one large array of numbers. */
function embeddingLine(index: number, { lineBytes }: Shape): string {
  const embedding = Array.from({ length: Math.floor(lineBytes / NUMBER_BYTES) }, (_, position) =>
    Math.sin(index + position * 1.618),
  );
  const body = {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 200, total_tokens: 200 },
  };
  const response = { status_code: 200, request_id: `req_${index}`, body };
  const row = { id: `batch_req_${index}`, custom_id: customIdOf(index), response, error: null };
  return `${JSON.stringify(row)}\n`;
}

const LINES = { requests: requestLine, results: resultLine, embeddings: embeddingLine } as const;

export function customIdOf(index: number): string {
  return `request-${String(index).padStart(8, '0')}`;
}

/** A text that takes about `bytes` bytes as JSON. */
function prose(index: number, bytes: number): string {
  const words = index % ACCENTED_EVERY === 0 ? ACCENTED : PLAIN;
  const start = index % words.length;
  const length = Math.max(0, Math.floor((bytes * words.length) / jsonBytes(words)));
  const text = words.slice(start) + words.repeat(Math.ceil(length / words.length));
  return text.slice(0, length);
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

const LF = 0x0a;

/** The lines of a file in memory, as views of its bytes. */
export function linesIn(file: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = file.indexOf(LF); end !== -1; end = file.indexOf(LF, start)) {
    lines.push(file.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** Milliseconds of `JSON.parse` of each line, from bytes to text to objects, and nothing else. */
export function parseAll(lines: readonly Buffer[]): number {
  const startedAt = performance.now();
  for (const line of lines) JSON.parse(line.toString());
  return performance.now() - startedAt;
}
