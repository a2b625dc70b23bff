/** Lines are gathered up to about this many bytes: one call per line would cost more than the line. */
const GROUP_BYTES = 256 * 1024;

const LINE_END = Buffer.from('\n');

/** What takes bytes: a chunk is its own until the write resolves, then it is used again. */
export interface Target {
  write(chunk: Uint8Array): Promise<unknown>;
}

/**
 * Gathers lines on their way into anything that takes bytes. One write is under way while the next
 * lines are gathered; that it failed is told by the next `flush`, or by `close`.
 */
export function lineSink(target: Target) {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let [filling, underWay] = [Buffer.alloc(0), Buffer.alloc(0)];
  let writing: Promise<unknown> = Promise.resolve();

  async function flush(): Promise<void> {
    if (bytes === 0) return;
    // The same two buffers for all that is written, unless a line is larger than they are. What is
    // less than a group is the end.
    if (filling.length < bytes) {
      const size = bytes < GROUP_BYTES ? bytes : Math.max(bytes, 2 * GROUP_BYTES);
      filling = Buffer.allocUnsafeSlow(size);
    }
    const chunk = filling.subarray(0, bytes);
    let position = 0;
    for (const part of parts) {
      chunk.set(part, position);
      position += part.length;
    }
    parts = [];
    bytes = 0;
    await writing;
    writing = target.write(chunk);
    writing.catch(() => {});
    [filling, underWay] = [underWay, filling];
  }

  return {
    /** Adds a line; true when it is time to flush. */
    add(line: Uint8Array): boolean {
      parts.push(line, LINE_END);
      bytes += line.length + 1;
      return bytes >= GROUP_BYTES;
    },
    flush,
    /** Resolves when everything has been written. */
    async close(): Promise<void> {
      await flush();
      await writing;
    },
  };
}
