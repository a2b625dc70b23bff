import { styleText } from 'node:util';
import type { Output } from '../../shared/terminal/output.ts';

export { clip, oneLine, printable, textWidth } from '../../shared/terminal/text.ts';
export type { Output };

const DEFAULT_WIDTH = 80;

/** Columns that a line may have; in a pipe or a file as many as it likes. */
export function widthOf({ isTTY, columns }: Output): number {
  return isTTY === true ? columns || DEFAULT_WIDTH : Number.POSITIVE_INFINITY;
}

export type Style = Parameters<typeof styleText>[0];

/** Colours on a terminal, unless NO_COLOR says otherwise; elsewhere the text as it is. */
export function painter(output: Output, env = process.env): (style: Style, text: string) => string {
  const plain = output.isTTY !== true || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return plain
    ? (_, text) => text
    : (style, text) => styleText(style, text, { validateStream: false });
}
