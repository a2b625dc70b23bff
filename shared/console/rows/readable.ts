/**
 * Requests and answers as texts that people read. They are read from files of users and providers, so that
 * any field may be of another type: what is not known is shown as it is.
 */

/** A piece of a request or an answer, such as a message. */
export interface Passage {
  /** Who says it, or what it is. */
  readonly label: string;
  readonly text: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The passages of a request: its messages, or the texts that it gives. */
export function passagesOfRequest(request: unknown): readonly Passage[] {
  const body = fieldsOf(fieldsOf(request).body);
  const passages = [
    ...(body.instructions === undefined ? [] : [passage('instructions', body.instructions)]),
    ...(body.system === undefined ? [] : [passage('system', body.system)]),
    ...listOf(body.messages).map(message),
    ...(Array.isArray(body.input) ? body.input.map(inputItem) : []),
    ...(typeof body.input === 'string' ? [passage('input', body.input)] : []),
    ...(body.prompt === undefined ? [] : [passage('prompt', body.prompt)]),
  ];
  return passages.length > 0 ? passages : [passage('body', body)];
}

const CONTENT = new Set(['instructions', 'system', 'messages', 'input', 'prompt']);

/** What a request asks for beside its texts, such as its model: names and values. */
export function parametersOf(request: unknown): readonly Passage[] {
  const { url, body } = fieldsOf(request);
  const rest = Object.entries(fieldsOf(body)).filter(([name]) => !CONTENT.has(name));
  const all = url === undefined ? rest : [['url', url] as const, ...rest];
  return all.map(([name, value]) => passage(name, value));
}

/** The passages of the answer in a row. None if the row has no answer. */
export function passagesOfAnswer(row: unknown): readonly Passage[] {
  const { response } = fieldsOf(row);
  const { body } = fieldsOf(response);
  const answer = fieldsOf(body);
  const passages = [
    ...listOf(answer.choices).flatMap(choice),
    ...listOf(answer.output).map(inputItem),
    ...embeddings(answer.data),
  ];
  if (passages.length > 0) return passages;
  // Anthropic's own form, and that of whatever else there is.
  if (Array.isArray(answer.content)) return [passage('assistant', answer.content)];
  const isNothing = body === undefined || body === null || isFields(answer.error);
  return isNothing ? [] : [passage('body', body)];
}

/** The error of a row, as its own words have it. Undefined if it has none. */
export function errorMessageOf(row: unknown): string | undefined {
  const { error, response } = fieldsOf(row);
  const { error: inBody } = fieldsOf(fieldsOf(response).body);
  for (const found of [inBody, error]) {
    if (typeof found === 'string' && found !== '') return found;
    const { message: text } = fieldsOf(found);
    if (typeof text === 'string' && text !== '') return text;
  }
  return undefined;
}

/** Passages as one text. Only where there are several it says which is which. */
export function textOf(passages: readonly Passage[]): string {
  const [only, ...more] = passages;
  if (only && more.length === 0) return only.text;
  return passages.map(({ label, text }) => `${label}: ${text}`).join('\n\n');
}

function message(value: unknown): Passage {
  const { role, content, tool_calls: calls, refusal, ...rest } = fieldsOf(value);
  const label = typeof role === 'string' ? role : 'message';
  const texts = [content, refusal, calls]
    .filter((each) => each !== undefined && each !== null && each !== '')
    .map(contentText);
  if (texts.length > 0 || content === '') return { label, text: texts.join('\n') };
  return passage(label, isFields(value) ? rest : value);
}

function choice(value: unknown, index: number, all: readonly unknown[]): readonly Passage[] {
  const { message: said, text, finish_reason: end } = fieldsOf(value);
  const found = said === undefined ? passage('text', text ?? value) : message(said);
  const number = all.length > 1 ? ` ${index + 1}` : '';
  const isWhole = end === undefined || end === null || end === 'stop';
  const why = isWhole ? '' : ` (ended by ${contentText(end)})`;
  return [{ ...found, label: `${found.label}${number}${why}` }];
}

/** An item of the Responses API, in or out, or a text to embed. */
function inputItem(value: unknown): Passage {
  if (typeof value === 'string') return passage('input', value);
  const { role, type, summary } = fieldsOf(value);
  if (role !== undefined) return message(value);
  if (type === 'reasoning') return passage('reasoning', summary ?? value);
  return passage(typeof type === 'string' ? type : 'input', value);
}

const SHOWN_NUMBERS = 8;

function embeddings(data: unknown): readonly Passage[] {
  return listOf(data).map((value, index, all) => {
    const { embedding } = fieldsOf(value);
    const label = all.length > 1 ? `embedding ${index + 1}` : 'embedding';
    if (!Array.isArray(embedding)) return passage(label, embedding ?? value);
    const first = embedding.slice(0, SHOWN_NUMBERS).map(contentText).join(', ');
    const more = embedding.length > SHOWN_NUMBERS ? ', …' : '';
    return { label, text: `${embedding.length} numbers: ${first}${more}` };
  });
}

function passage(label: string, value: unknown): Passage {
  return { label, text: contentText(value) };
}

/** Texts as they are, parts of a content one below the other, anything else as JSON. */
function contentText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.some(isFields)) return value.map(partText).join('\n');
  try {
    return JSON.stringify(value, null, 2) ?? '';
  } catch {
    return '(nested too deeply to be shown)';
  }
}

const MAX_DATA_URL = 100;

function partText(part: unknown): string {
  const { text, image_url: image } = fieldsOf(part);
  if (typeof text === 'string') return text;
  const url = typeof image === 'string' ? image : fieldsOf(image).url;
  if (typeof url !== 'string') return contentText(part);
  // A picture in the request itself is a long text that nobody reads.
  const short = url.length > MAX_DATA_URL ? `${url.slice(0, MAX_DATA_URL)}…` : url;
  return `[image: ${short}]`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
