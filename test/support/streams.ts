/** A stream of text in chunks of so many bytes. */
export async function* chunked(text: string | Buffer, chunkBytes = 64): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    yield bytes.subarray(start, start + chunkBytes);
  }
}

/** What comes in groups, one by one. */
export async function* flat<T>(groups: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const group of groups) yield* group;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Keeps what is written. */
export function memoryTarget() {
  const chunks: Uint8Array[] = [];
  return {
    write: async (chunk: Uint8Array) => void chunks.push(Buffer.from(chunk)),
    lines: () => Buffer.concat(chunks).toString().split('\n').filter(Boolean),
  };
}
