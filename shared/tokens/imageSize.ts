/** In pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Where all formats but JPEG have their size; in characters of base64. */
const HEAD = 48;

/** Reads the size of an image from its first bytes; undefined where they do not tell it. */
export function imageSize(base64: string): ImageSize | undefined {
  const bytes = Buffer.from(base64.slice(0, HEAD), 'base64');
  if (bytes.length < 10) return undefined;
  const start = bytes.toString('latin1', 0, 16);
  if (start.startsWith('\xff\xd8')) return jpegSize(base64);
  // https://www.w3.org/TR/png-3/#11IHDR
  if (start.startsWith('\x89PNG\r\n\x1a\n') && bytes.length >= 24) {
    return known(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
  }
  // https://www.w3.org/Graphics/GIF/spec-gif89a.txt
  if (start.startsWith('GIF8')) return known(bytes.readUInt16LE(6), bytes.readUInt16LE(8));
  if (start.startsWith('RIFF') && start.startsWith('WEBP', 8)) return webpSize(bytes);
  return undefined;
}

/** Of the first frame or the canvas. https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 30) return undefined;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return known(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff);
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return known((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case 'VP8X':
      return known(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1);
    default:
      return undefined;
  }
}

/** More than any camera writes before the frame. */
const MAX_SEGMENTS = 64;
const SEGMENT_HEAD = 9;

/**
 * Goes from segment to segment up to a frame's, decoding their heads only: between them are colour
 * profiles and preview pictures of up to 64 kB each. https://www.w3.org/Graphics/JPEG/itu-t81.pdf
 */
function jpegSize(base64: string): ImageSize | undefined {
  let place = 2;
  for (let segment = 0; segment < MAX_SEGMENTS; segment += 1) {
    const bytes = bytesAt(base64, place, SEGMENT_HEAD);
    if (bytes.length < SEGMENT_HEAD || bytes[0] !== 0xff) return undefined;
    const marker = bytes.readUInt8(1);
    if (isFrame(marker)) return known(bytes.readUInt16BE(7), bytes.readUInt16BE(5));
    // Any number of bytes FF may come before a marker.
    place += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(2);
  }
  return undefined;
}

/** Four characters of base64 are three bytes. */
function bytesAt(base64: string, place: number, length: number): Buffer {
  const group = Math.floor(place / 3);
  const end = Math.ceil((place + length) / 3);
  const bytes = Buffer.from(base64.slice(group * 4, end * 4), 'base64');
  return bytes.subarray(place - group * 3, place - group * 3 + length);
}

/** C0 to CF, without those for tables: C4, C8 and CC. */
function isFrame(marker: number): boolean {
  return marker === 0xc0 || (marker > 0xc0 && marker <= 0xcf && marker % 4 !== 0);
}

function known(width: number, height: number): ImageSize | undefined {
  return width > 0 && height > 0 ? { width, height } : undefined;
}
