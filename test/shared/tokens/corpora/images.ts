import type { Chance } from './source.ts';

/** The first bytes of an image with this size, up to the size. */
export const IMAGE_HEADS = {
  png: (width: number, height: number): Buffer => {
    const head = Buffer.alloc(33);
    head.write('\x89PNG\r\n\x1a\n', 'latin1');
    head.writeUInt32BE(13, 8);
    head.write('IHDR', 12);
    head.writeUInt32BE(width, 16);
    head.writeUInt32BE(height, 20);
    return head;
  },
  gif: (width: number, height: number): Buffer => {
    const head = Buffer.alloc(13);
    head.write('GIF89a');
    head.writeUInt16LE(width, 6);
    head.writeUInt16LE(height, 8);
    return head;
  },
  /** With metadata of 3,000 bytes before the frame, so that the size comes later. */
  jpeg: (width: number, height: number): Buffer => {
    const metadata = Buffer.alloc(3000);
    metadata.writeUInt16BE(0xffe1, 0);
    metadata.writeUInt16BE(metadata.length - 2, 2);
    const frame = Buffer.from([0xff, 0xc2, 0, 17, 8, 0, 0, 0, 0, 3]);
    frame.writeUInt16BE(height, 5);
    frame.writeUInt16BE(width, 7);
    return Buffer.concat([Buffer.from([0xff, 0xd8]), metadata, frame]);
  },
  webp: (width: number, height: number): Buffer => {
    const head = webpHead('VP8X');
    head.writeUIntLE(width - 1, 24, 3);
    head.writeUIntLE(height - 1, 27, 3);
    return head;
  },
  webpLossy: (width: number, height: number): Buffer => {
    const head = webpHead('VP8 ');
    head.writeUInt16LE(width, 26);
    head.writeUInt16LE(height, 28);
    return head;
  },
  webpLossless: (width: number, height: number): Buffer => {
    const head = webpHead('VP8L');
    head.writeUInt32LE(((height - 1) << 14) | (width - 1), 21);
    return head;
  },
} as const;

function webpHead(format: string): Buffer {
  const head = Buffer.alloc(30);
  head.write('RIFF');
  head.write('WEBP', 8);
  head.write(format, 12);
  return head;
}

export interface GivenImage {
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

/** An image of some size and format, with `bytes` bytes of noise for its content. */
export function someImage({ pick, integer }: Chance, bytes: number): GivenImage {
  const [width, height] = [1 + integer(4000), 1 + integer(4000)];
  const format = pick(Object.keys(IMAGE_HEADS) as (keyof typeof IMAGE_HEADS)[]);
  const noise = Buffer.from(Array.from({ length: bytes }, () => integer(256)));
  const data = Buffer.concat([IMAGE_HEADS[format](width, height), noise]).toString('base64');
  return { url: `data:image/${format.slice(0, 4)};base64,${data}`, width, height };
}
