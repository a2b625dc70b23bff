import { refusal } from '../../batch/errors.ts';
import type { Part, TextPart } from './chat.ts';
import type { WireMessage } from './chatSchema.ts';
import { checkFields, type Expressible } from './fields.ts';

type UserContent = Extract<WireMessage, { role: 'user' }>['content'];
type TextContent = Extract<WireMessage, { role: 'tool' }>['content'];

// RFC 2397; the image itself is base64 of any length.
const DATA_URL = /^data:(image\/[\w.+-]+);base64,/;

/** @param place such as `body.messages[0].content` */
export function readParts(
  content: UserContent,
  place: string,
  rules: Expressible,
): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index): Part => {
    const at = `${place}[${index}]`;
    if (part.type === 'text') return readText(part, at, rules);
    checkFields(part, ['type', 'image_url'], at, rules);
    checkFields(part.image_url, ['url'], `${at}.image_url`, rules);
    const { url } = part.image_url;
    const mediaType = DATA_URL.exec(url)?.[1];
    if (mediaType !== undefined)
      return { type: 'image', mediaType, data: url.slice(url.indexOf(',') + 1) };
    const text = `${at}.image_url.url is no data:image/…;base64 URL: put the image itself in`;
    throw refusal('unsupported_field', text);
  });
}

/** The same of messages that hold text only. */
export function readTexts(
  content: TextContent | null | undefined,
  place: string,
  rules: Expressible,
): readonly TextPart[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => readText(part, `${place}[${index}]`, rules));
}

export function textOf(content: TextContent, place: string, rules: Expressible): string {
  return readTexts(content, place, rules)
    .map(({ text }) => text)
    .join('');
}

function readText(part: TextPart, place: string, rules: Expressible): TextPart {
  checkFields(part, ['type', 'text'], place, rules);
  return { type: 'text', text: part.text };
}
