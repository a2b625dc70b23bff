import xterm from '@xterm/headless';
import type { Output } from '../../shared/terminal/output.ts';

/** A terminal that nobody looks at: what is written to it, as it would be seen. */
export interface Screen {
  readonly output: Output;
  /** Lines that are on it or were scrolled off, without blanks at their ends. */
  text(): Promise<readonly string[]>;
}

export function screen({ columns = 80, rows = 24 } = {}): Screen {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    // As the driver of a terminal does.
    convertEol: true,
    allowProposedApi: true,
  });
  return {
    output: {
      isTTY: true,
      columns,
      rows,
      write: (chunk) => terminal.write(chunk),
    },
    async text() {
      await new Promise<void>((resolve) => terminal.write('', resolve));
      const { active } = terminal.buffer;
      const lines = Array.from({ length: active.length }, (_, row) =>
        (active.getLine(row)?.translateToString(true) ?? '').trimEnd(),
      );
      return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
    },
  };
}
