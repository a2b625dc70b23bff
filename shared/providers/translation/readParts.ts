import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { CacheControl, Part, TextPart } from './chat.ts';
import type { WireMessage, WirePart } from './chatSchema.ts';
import { cannotExpress, checkFields, type ExpressibleRules } from './fields.ts';

type UserContent = Extract<WireMessage, { role: 'user' }>['content'];
type TextContent = Extract<WireMessage, { role: 'tool' }>['content'];
type WireText = Extract<WirePart, { type: 'text' }>;
type WireImage = Extract<WirePart, { type: 'image_url' }>;
type WireFile = Extract<WirePart, { type: 'file' }>;

/**
 * The parts of a user's message.
 *
 * @param place such as `body.messages[0].content`
 * @throws RefusedError naming what is malformed, or what the provider cannot express
 */
export function readParts(
  content: UserContent,
  place: string,
  rules: ExpressibleRules,
): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index): Part => {
    const at = `${place}[${index}]`;
    if (part.type === 'text') return readTextPart(part, at, rules);
    return part.type === 'file' ? readFile(part, at, rules) : readImage(part, at, rules);
  });
}

/** Like `readParts`, for messages that contain only text. */
export function readTexts(
  content: TextContent | null | undefined,
  place: string,
  rules: ExpressibleRules,
): readonly TextPart[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => readTextPart(part, `${place}[${index}]`, rules));
}

/** The texts of one message as one, except where the cached beginning of the prompt ends. */
export function joinedTexts(texts: readonly TextPart[]): readonly TextPart[] {
  const joined: TextPart[] = [];
  for (const part of texts) {
    const before = joined.at(-1);
    if (before === undefined || before.cacheControl) joined.push(part);
    else joined[joined.length - 1] = { ...part, text: before.text + part.text };
  }
  return joined.length > 0 ? joined : [{ type: 'text', text: '' }];
}

/** The known fields of a part or a tool that may be marked. */
export function cacheFields({ extras }: ExpressibleRules): readonly string[] {
  return extras?.cacheControl ? ['cache_control'] : [];
}

/** Undefined where the provider takes none, which `checkFields` has refused or dropped. */
export function readCacheControl(
  { cache_control: value }: { readonly cache_control?: unknown },
  place: string,
  { extras }: ExpressibleRules,
): CacheControl | undefined {
  if (!extras?.cacheControl || value === undefined || value === null) return undefined;
  const parsed = cacheControlSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const text = `${place}.cache_control is none of Anthropic's: use {"type":"ephemeral"}, with "ttl":"5m" or "1h"`;
  throw refusal('invalid_field', text);
}

const cacheControlSchema = z.strictObject({
  type: z.literal('ephemeral'),
  ttl: z.enum(['5m', '1h']).optional(),
});

function readTextPart(part: WireText, place: string, rules: ExpressibleRules): TextPart {
  checkFields(part, ['type', 'text', ...cacheFields(rules)], place, rules);
  const cacheControl = readCacheControl(part, place, rules);
  return omitUndefined({ type: 'text' as const, text: part.text, cacheControl });
}

// RFC 2397. The base64 of the content follows.
const IMAGE_DATA_URL = /^data:(image\/[\w.+-]+);base64,/;
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+);base64,/;
const WEB_URL = /^https?:\/\//i;

function readImage(part: WireImage, place: string, rules: ExpressibleRules): Part {
  checkFields(part, ['type', 'image_url', ...cacheFields(rules)], place, rules);
  checkFields(part.image_url, ['url'], `${place}.image_url`, rules);
  const { url } = part.image_url;
  const cacheControl = readCacheControl(part, place, rules);
  const mediaType = IMAGE_DATA_URL.exec(url)?.[1];
  if (mediaType !== undefined)
    return omitUndefined({ type: 'image' as const, mediaType, data: dataIn(url), cacheControl });
  if (rules.extras?.urls && WEB_URL.test(url))
    return omitUndefined({ type: 'image_url' as const, url, cacheControl });
  const text = `${place}.image_url.url is no data:image/…;base64 URL: put the image itself in`;
  throw refusal('unsupported_field', text);
}

/**
 * A file in `file_data`, as a data URL or, where others than OpenAI take it, a web URL. An id in
 * `file_id` is that of a file at OpenAI.
 */
function readFile(part: WireFile, place: string, rules: ExpressibleRules): Part {
  const { urls = false, files = [] } = rules.extras ?? {};
  if (files.length === 0) throw cannotExpress(`${place}.file`, rules.provider);
  checkFields(part, ['type', 'file', ...cacheFields(rules)], place, rules);
  checkFields(part.file, ['file_data', 'filename'], `${place}.file`, rules);
  const { file_data: data = '', filename: name } = part.file;
  const cacheControl = readCacheControl(part, place, rules);
  const at = `${place}.file.file_data`;
  if (urls && WEB_URL.test(data))
    return omitUndefined({ type: 'file_url' as const, url: data, name, cacheControl });
  const mediaType = DATA_URL.exec(data)?.[1];
  if (mediaType === undefined)
    throw refusal('unsupported_field', `${at} is no data:…;base64 URL: put the file itself in`);
  if (!files.includes(mediaType))
    throw cannotExpress(at, rules.provider, `use one of ${files.join(', ')}`);
  return omitUndefined({
    type: 'file' as const,
    mediaType,
    data: dataIn(data),
    name,
    cacheControl,
  });
}

function dataIn(dataUrl: string): string {
  return dataUrl.slice(dataUrl.indexOf(',') + 1);
}
