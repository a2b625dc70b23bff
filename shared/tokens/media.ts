import { imageRule, imageSize } from './imageRules.ts';

/** An image, a sound or a document within a prompt. */
export interface Media {
  readonly kind: 'image' | 'audio' | 'document';
  /** A data URL or base64, undefined for what is elsewhere: a URL, a file's id. */
  readonly data: string | undefined;
  readonly detail?: unknown;
}

/** Reads a part of a message as media: in OpenAI's, Anthropic's, Gemini's and Bedrock's forms. */
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
      return { kind: 'image', data: text(field(part.source, 'data')) };
    case 'input_audio':
      return { kind: 'audio', data: text(field(part.input_audio, 'data')) };
    case 'file':
    case 'input_file':
      return { kind: 'document', data: text(field(part.file, 'file_data') ?? part.file_data) };
    case 'document': {
      const { source } = part;
      if (field(source, 'type') !== 'base64') return undefined;
      return { kind: 'document', data: text(field(source, 'data')) };
    }
    default:
      return part.type === undefined ? untypedMedia(part) : undefined;
  }
}

/** Gemini's and Bedrock's parts have no `type`: the name of their only field tells it. */
function untypedMedia(part: Readonly<Record<string, unknown>>): Media | undefined {
  const inline = part.inlineData ?? part.inline_data;
  if (inline !== undefined) {
    const type = text(field(inline, 'mimeType') ?? field(inline, 'mime_type')) ?? '';
    return { kind: kindOf(type), data: text(field(inline, 'data')) };
  }
  if (part.image !== undefined && field(part.image, 'source') !== undefined) {
    return { kind: 'image', data: text(field(field(part.image, 'source'), 'bytes')) };
  }
  return undefined;
}

/** Longer than the type of any medium: what comes later is not the head of a data URL. */
const MAX_HEAD = 128;

/** The media of a text that is nothing but a data URL, wherever it stands. */
export function dataUrlMedia(url: string): Media | undefined {
  if (!url.startsWith('data:') || !url.slice(0, MAX_HEAD).includes(';base64,')) return undefined;
  return { kind: kindOf(url.slice('data:'.length, MAX_HEAD)), data: url };
}

/** The base64 of a data URL, or of what is base64 already. */
export function base64Of(data: string): string {
  return data.startsWith('data:') ? data.slice(data.indexOf(',') + 1) : data;
}

function imageAt(url: unknown, detail: unknown): Media {
  const data = typeof url === 'string' && url.startsWith('data:') ? url : undefined;
  return { kind: 'image', data, detail };
}

function kindOf(mediaType: string): Media['kind'] {
  if (mediaType.startsWith('image/')) return 'image';
  return mediaType.startsWith('audio/') ? 'audio' : 'document';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A field of what may be an object. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** Taken for an image whose size cannot be read: one behind a URL, or of an unknown format. */
const USUAL_SIZE = { width: 1024, height: 1024 };

/**
 * Ten tokens a second (https://platform.openai.com/docs/guides/realtime-costs), of MP3 at 64 kbit/s.
 * How long a sound is cannot be told from its length in bytes; this is a guess.
 */
const BYTES_PER_AUDIO_TOKEN = 800;

/**
 * Providers read a PDF as its text and an image of each page, together 1,500 to 3,000 tokens a page
 * (https://platform.claude.com/docs/en/build-with-claude/pdf-support). Of pages of 50 kB.
 */
const BYTES_PER_DOCUMENT_TOKEN = 25;

/** Taken for a document or sound that is elsewhere. */
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
