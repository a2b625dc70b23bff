import { LineWriter } from '../lineWriter.ts';

/** Writes the id of each request of an input, and tells how many there are. */
export async function writeIds(
  path: string,
  lines: AsyncIterable<{ readonly bytes: Buffer }>,
  idOf: (line: Readonly<Record<string, unknown>>) => string,
): Promise<number> {
  const ids = await LineWriter.create(path);
  let requests = 0;
  try {
    for await (const { bytes } of lines) {
      requests += 1;
      await ids.write(JSON.stringify(idOf(JSON.parse(bytes.toString()))));
    }
  } finally {
    await ids.close();
  }
  return requests;
}
