import { styleText } from 'node:util';
import { type Output, textWidth } from '../../shared/terminal.ts';

export { clip, oneLine, printable } from '../../shared/terminal.ts';
export { type Output, textWidth };

const DEFAULT_WIDTH = 80;

/** The number of columns of a terminal; infinite for a pipe or a file. */
export function widthOf({ isTTY, columns }: Output): number {
  return isTTY === true ? columns || DEFAULT_WIDTH : Number.POSITIVE_INFINITY;
}

export type Style = Parameters<typeof styleText>[0];

/** Returns a function that colours text on a terminal, unless NO_COLOR is set; elsewhere it does nothing. */
export function painter(output: Output, env = process.env): (style: Style, text: string) => string {
  const plain = output.isTTY !== true || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return plain
    ? (_, text) => text
    : (style, text) => styleText(style, text, { validateStream: false });
}

/** Writes bytes or text as they come, and waits whenever the output is full. */
export async function pipe(
  content: AsyncIterable<Uint8Array | string>,
  output: Output,
): Promise<void> {
  for await (const chunk of content)
    if (output.write(chunk) === false)
      await new Promise<void>((resolve) => output.once?.('drain', resolve) ?? resolve());
}

/**
 * Breaks a text at its spaces into lines of at most `width`, where it can be broken.
 *
 * @param width may be infinite
 */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Like `wrap`, with a prefix before the first line and the others indented by its width. */
export function hanging(prefix: string, text: string, width: number): readonly string[] {
  const margin = ' '.repeat(textWidth(prefix));
  return wrap(text, width - textWidth(prefix)).map(
    (line, index) => (index === 0 ? prefix : margin) + line,
  );
}
