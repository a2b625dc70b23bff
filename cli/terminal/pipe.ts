import type { Output } from './output.ts';

/** Writes bytes as they come, no faster than they are taken. */
export async function pipe(content: AsyncIterable<Uint8Array>, output: Output): Promise<void> {
  for await (const chunk of content)
    if (output.write(chunk) === false)
      await new Promise<void>((resolve) => output.once?.('drain', resolve) ?? resolve());
}
