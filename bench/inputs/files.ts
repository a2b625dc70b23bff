import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { chunksOf, requestLine, resultLine, type Shape } from './lines.ts';

export interface FileOf {
  readonly kind: 'requests' | 'results';
  readonly shape: Shape;
  readonly order?: OrderName;
}

/** How a job's rows lie, by the order of the requests. */
export type OrderName = keyof typeof ORDERS;

/** Rows change places within blocks of so many, as requests run side by side. */
const BLOCK = 1_000;

const ORDERS = {
  'as asked': (position: number) => position,
  'nearly as asked': (position: number, count: number) => {
    const start = position - (position % BLOCK);
    return start + shuffled(position - start, Math.min(BLOCK, count - start));
  },
  shuffled,
} as const;

/** Writes the lines to a file, and gives its path. */
export async function writeLines(directory: string, name: string, file: FileOf): Promise<string> {
  const { kind, shape, order = 'as asked' } = file;
  const path = join(directory, name);
  const line = kind === 'requests' ? requestLine : resultLine;
  const chunks = chunksOf(line, shape, (position) => ORDERS[order](position, shape.requests));
  await pipeline(Readable.from(chunks), createWriteStream(path));
  return path;
}

/** A prime that divides no count of requests here: the steps meet every position once. */
const STEP = 7_919;

function shuffled(position: number, count: number): number {
  return (position * STEP) % count;
}
