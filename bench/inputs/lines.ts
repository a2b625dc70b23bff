/** Texts of the size and the look of real ones, the same in every run. */

/** What the requests and the results of one measurement are. */
export interface Shape {
  readonly requests: number;
  /** Of one line, about. */
  readonly lineBytes: number;
}

const PLAIN =
  'the batch of requests that was sent to a "model" returned its answers in another order than they were asked; each is one line with a custom id, a status and a body.\n';
const ACCENTED = PLAIN.replace('"model"', '“model” (模型)');
/** One line in so many has letters beyond Latin, which take two bytes each in memory. */
const ACCENTED_EVERY = 4;

/** Bytes of a line that are not its text. */
const ENVELOPE_BYTES = { request: 185, result: 420 };

function customIdOf(index: number): string {
  return `request-${String(index).padStart(8, '0')}`;
}

/** A request of the batch format. */
export function requestLine(index: number, { lineBytes }: Shape): string {
  const text = prose(index, lineBytes - ENVELOPE_BYTES.request);
  const messages = [{ role: 'user', content: text }];
  const body = { model: 'gpt-5-mini', messages, max_completion_tokens: 256 };
  const custom_id = customIdOf(index);
  return `${JSON.stringify({ custom_id, method: 'POST', url: '/v1/chat/completions', body })}\n`;
}

/** A successful row of a job's output. */
export function resultLine(index: number, { lineBytes }: Shape): string {
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
