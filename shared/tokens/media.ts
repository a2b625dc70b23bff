import { imageRule, imageSize } from './imageRules.ts';

/** An image, a sound or a document in a prompt. */
export interface Media {
  readonly kind: 'image' | 'audio' | 'document';
  /** A data URL or base64; undefined if the prompt has only a URL or a file's id. */
  readonly data: string | undefined;
  readonly detail?: unknown;
}

/** Reads a part of a message as media, in the formats of OpenAI, Anthropic, Gemini and Bedrock. */
export function mediaOf(part: Readonly<Record<string, unknown>>): Media | undefined {
  switch (part.type) {
    case 'image_url': {
      const { image_url: image } = part;
      if (typeof image === 'string') return imageAt(image, part.detail);
      return imageAt(field(image, 'url'), field(image, 'detail'));
    }
    case 'input_image':
      return imageAt(part.image_url, part.detail);
    case 'image':
      return { kind: 'image', data: textOrUndefined(field(part.source, 'data')) };
    case 'input_audio':
      return { kind: 'audio', data: textOrUndefined(field(part.input_audio, 'data')) };
    case 'file':
    case 'input_file':
      return {
        kind: 'document',
        data: inlineData(field(part.file, 'file_data') ?? part.file_data),
      };
    case 'document': {
      const { source } = part;
      const type = field(source, 'type');
      // The text of any other source is counted as text.
      if (type !== 'base64' && type !== 'url') return undefined;
      return { kind: 'document', data: textOrUndefined(field(source, 'data')) };
    }
    default:
      return part.type === undefined ? untypedMedia(part) : undefined;
  }
}

/** Gemini's and Bedrock's parts have no `type`: the name of their only field shows it. */
function untypedMedia(part: Readonly<Record<string, unknown>>): Media | undefined {
  const inline = part.inlineData ?? part.inline_data;
  if (inline !== undefined) {
    const type = textOrUndefined(field(inline, 'mimeType') ?? field(inline, 'mime_type')) ?? '';
    return { kind: mediaKindOf(type), data: textOrUndefined(field(inline, 'data')) };
  }
  if (part.image !== undefined && field(part.image, 'source') !== undefined) {
    return { kind: 'image', data: textOrUndefined(field(field(part.image, 'source'), 'bytes')) };
  }
  return undefined;
}

/** Longer than any media type: text beyond this is not the head of a data URL. */
const MAX_URL_HEAD = 128;

/** The media of a text that is only a data URL, in any field. */
export function dataUrlMedia(url: string): Media | undefined {
  if (!url.startsWith('data:') || !url.slice(0, MAX_URL_HEAD).includes(';base64,'))
    return undefined;
  return { kind: mediaKindOf(url.slice('data:'.length, MAX_URL_HEAD)), data: url };
}

/** The base64 of a data URL, or the text itself if it is base64. */
function base64Of(data: string): string {
  return data.startsWith('data:') ? data.slice(data.indexOf(',') + 1) : data;
}

function imageAt(url: unknown, detail: unknown): Media {
  const data = typeof url === 'string' && url.startsWith('data:') ? url : undefined;
  return { kind: 'image', data, detail };
}

function mediaKindOf(mediaType: string): Media['kind'] {
  if (mediaType.startsWith('image/')) return 'image';
  return mediaType.startsWith('audio/') ? 'audio' : 'document';
}

/** Undefined for a web URL, which some providers take in the place of a file. */
function inlineData(value: unknown): string | undefined {
  return typeof value === 'string' && !/^https?:/i.test(value) ? value : undefined;
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A field of a value that may be an object. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** The assumed size of an image behind a URL or of an unknown format. */
const USUAL_SIZE = { width: 1024, height: 1024 };

/**
 * Ten tokens a second (https://platform.openai.com/docs/guides/realtime-costs), of MP3 at 64 kbit/s.
 * The duration of a sound cannot be derived from its bytes; this is a guess.
 */
const BYTES_PER_AUDIO_TOKEN = 800;

/**
 * Providers read a PDF as its text and an image of each page, together 1,500 to 3,000 tokens a page
 * (https://platform.claude.com/docs/en/build-with-claude/pdf-support). A page is taken as 50 kB.
 */
const BYTES_PER_DOCUMENT_TOKEN = 25;

/** The assumed size of a document or sound behind a URL. */
const USUAL_BYTES = 50_000;

/** The prompt tokens of one image, sound or document, by the rule of the model's family. */
export function mediaTokens({ kind, data, detail }: Media, model: string): number {
  const base64 = data === undefined ? undefined : base64Of(data);
  if (kind === 'image') {
    const size = (base64 === undefined ? undefined : imageSize(base64)) ?? USUAL_SIZE;
    return imageRule(model)(size, detail);
  }
  const bytes = base64 === undefined ? USUAL_BYTES : base64.length * 0.75;
  return Math.ceil(bytes / (kind === 'audio' ? BYTES_PER_AUDIO_TOKEN : BYTES_PER_DOCUMENT_TOKEN));
}
