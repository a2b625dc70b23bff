import xterm from '@xterm/headless';
import type { Output } from '../../shared/terminal.ts';

/** A terminal that nobody looks at: what is written to it, as it would be seen. */
export interface Screen {
  readonly output: Output;
  /** As somebody does who drags its corner. */
  resize(columns: number, rows: number): Promise<void>;
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
      get columns() {
        return terminal.cols;
      },
      get rows() {
        return terminal.rows;
      },
      write: (chunk) => terminal.write(chunk),
    },
    async resize(toColumns, toRows) {
      // What was written before is on it then.
      await new Promise<void>((resolve) => terminal.write('', resolve));
      terminal.resize(toColumns, toRows);
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
