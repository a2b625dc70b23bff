import { textWidth } from './output.ts';

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

/** The same, with what stands before the first line; the others are as far in. */
export function hanging(prefix: string, text: string, width: number): readonly string[] {
  const margin = ' '.repeat(textWidth(prefix));
  return wrap(text, width - textWidth(prefix)).map(
    (line, index) => (index === 0 ? prefix : margin) + line,
  );
}
