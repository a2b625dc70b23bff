import { imageRule } from './imageRules.ts';
import { imageSize } from './imageSize.ts';
import { base64Of, type Media } from './media.ts';

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
