import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

/** What a terminal obeys instead of showing it, and what turns the direction of the text behind it. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/** Text of others, such as a provider's message, without line ends and escape sequences. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, ' ');
}

/** The same without blanks around it. */
export function oneLine(text: string): string {
  return printable(text).trim();
}

/** Columns that a text takes: most of East Asia's characters and emoji take two, colours none. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

const characters = new Intl.Segmenter();

/** As much of the text as fits. */
export function clip(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let taken = 0;
  for (const { segment } of characters.segment(text)) {
    taken += textWidth(segment);
    if (taken > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
