/** Lines are gathered up to about this many bytes: one call per line would cost more than the line. */
const GROUP_BYTES = 256 * 1024;

const LINE_END = Buffer.from('\n');

/** Gathers lines on their way into anything that takes bytes. */
export function lineSink(target: { write(chunk: Uint8Array): Promise<unknown> }) {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    /** Adds a line; true when it is time to flush. */
    add(line: Uint8Array): boolean {
      parts.push(line, LINE_END);
      bytes += line.length + 1;
      return bytes >= GROUP_BYTES;
    },
    async flush(): Promise<void> {
      if (bytes === 0) return;
      const chunk = Buffer.concat(parts, bytes);
      parts = [];
      bytes = 0;
      await target.write(chunk);
    },
  };
}
