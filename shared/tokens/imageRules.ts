/** Computes the prompt tokens of an image from its size and the request's `detail`. */
export type ImageRule = (size: ImageSize, detail: unknown) => number;

/**
 * Counts tokens for the image as a whole and for each tile of 512 pixels, after the image was scaled
 * down to 2048 by 2048 and its shorter side to 768. `auto` means `high`.
 * https://developers.openai.com/api/docs/guides/images-vision#calculating-costs
 */
function tiles(baseTokens: number, tileTokens: number): ImageRule {
  return (size, detail) => {
    if (detail === 'low') return baseTokens;
    const fitted = scaled(size, Math.min(1, 2048 / longest(size)));
    const { width, height } = scaled(fitted, Math.min(1, 768 / shortest(fitted)));
    return baseTokens + tileTokens * squares({ width, height }, 512);
  };
}

interface PatchLimits {
  readonly patches: number;
  readonly pixels: number;
}

const LOW: PatchLimits = { patches: 256, pixels: 512 };
const STANDARD: PatchLimits = { patches: 1536, pixels: 2048 };
const LARGE: PatchLimits = { patches: 2500, pixels: 2048 };
const ORIGINAL: PatchLimits = { patches: 10_000, pixels: 6000 };
const UNLIMITED: PatchLimits = {
  patches: Number.MAX_SAFE_INTEGER,
  pixels: Number.MAX_SAFE_INTEGER,
};

/**
 * Counts tokens for each patch of 32 pixels, after the image was scaled down to the limits of its
 * detail.
 * https://developers.openai.com/api/docs/guides/images-vision#calculating-costs
 */
function patches(
  multiplier: number,
  high: PatchLimits = STANDARD,
  original: PatchLimits = high,
  automatic: PatchLimits = high,
): ImageRule {
  const byDetail = new Map<unknown, PatchLimits>([
    ['low', LOW],
    ['high', high],
    ['original', original],
  ]);
  return (size, detail) => {
    const limits = byDetail.get(detail) ?? automatic;
    const fitted = scaled(size, Math.min(1, limits.pixels / longest(size)));
    const needed = squares(fitted, 32);
    if (needed <= limits.patches) return Math.ceil(needed * multiplier);
    const shrink = Math.sqrt((32 * 32 * limits.patches) / (fitted.width * fitted.height));
    const across = (fitted.width * shrink) / 32;
    const down = (fitted.height * shrink) / 32;
    const adjust = Math.min(Math.floor(across) / across, Math.floor(down) / down);
    const kept = Math.max(1, squares(scaled(fitted, shrink * adjust), 32));
    return Math.ceil(Math.min(kept, limits.patches) * multiplier);
  };
}

/**
 * Counts one token for 750 pixels, after the image was scaled down to 1568 pixels on its longer side.
 * https://platform.claude.com/docs/en/build-with-claude/vision
 */
const claudeRule: ImageRule = (size) => {
  const { width, height } = scaled(size, Math.min(1, 1568 / longest(size)));
  return Math.min(1600, Math.ceil((width * height) / 750));
};

/** Counts 258 tokens for each tile of 768 pixels. https://ai.google.dev/gemini-api/docs/tokens */
const geminiRule: ImageRule = (size) => 258 * (longest(size) <= 384 ? 1 : squares(size, 768));

/** Rules by a part of the model's name. The first match counts, so longer names come first. */
const IMAGE_RULES: readonly (readonly [name: string, rule: ImageRule])[] = [
  ['gpt-4o-mini', tiles(2833, 5667)],
  ['gpt-4.1-mini', patches(1.62)],
  ['gpt-4.1-nano', patches(2.46)],
  ['o4-mini', patches(1.72)],
  ['gpt-5-mini', patches(1.62)],
  ['gpt-5-nano', patches(2.46)],
  ['gpt-5.4-mini', patches(1.62)],
  ['gpt-5.4-nano', patches(2.46)],
  ['gpt-5.2', patches(1)],
  ['gpt-5.3', patches(1)],
  ['gpt-5.4', patches(1, LARGE, ORIGINAL)],
  ['gpt-5.5', patches(1, LARGE, ORIGINAL, ORIGINAL)],
  ['gpt-5.6', patches(1, LARGE, UNLIMITED, UNLIMITED)],
  ['gpt-5', tiles(70, 140)],
  ['computer-use', tiles(65, 129)],
  ['claude', claudeRule],
  ['gemini', geminiRule],
  ['o1', tiles(75, 150)],
  ['o3', tiles(75, 150)],
];

/** The rule of GPT-4o and GPT-4.1, which is also used for models with unknown names. */
const DEFAULT_RULE = tiles(85, 170);

/** The rule of a model, by its name. */
export function imageRule(model: string): ImageRule {
  return IMAGE_RULES.find(([name]) => model.includes(name))?.[1] ?? DEFAULT_RULE;
}

function scaled({ width, height }: ImageSize, factor: number): ImageSize {
  return {
    width: Math.max(1, Math.floor(width * factor)),
    height: Math.max(1, Math.floor(height * factor)),
  };
}

function squares({ width, height }: ImageSize, side: number): number {
  return Math.ceil(width / side) * Math.ceil(height / side);
}

function longest({ width, height }: ImageSize): number {
  return Math.max(width, height);
}

function shortest({ width, height }: ImageSize): number {
  return Math.min(width, height);
}

/** In pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Characters of base64 that contain the size in all formats except JPEG. */
const HEADER_CHARACTERS = 48;

/** Reads the size of an image from its first bytes; undefined if they do not contain it. */
export function imageSize(base64: string): ImageSize | undefined {
  const bytes = Buffer.from(base64.slice(0, HEADER_CHARACTERS), 'base64');
  if (bytes.length < 10) return undefined;
  const start = bytes.toString('latin1', 0, 16);
  if (start.startsWith('\xff\xd8')) return jpegSize(base64);
  // https://www.w3.org/TR/png-3/#11IHDR
  if (start.startsWith('\x89PNG\r\n\x1a\n') && bytes.length >= 24) {
    return sizeIfValid(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
  }
  // https://www.w3.org/Graphics/GIF/spec-gif89a.txt
  if (start.startsWith('GIF8')) return sizeIfValid(bytes.readUInt16LE(6), bytes.readUInt16LE(8));
  if (start.startsWith('RIFF') && start.startsWith('WEBP', 8)) return webpSize(bytes);
  return undefined;
}

/** The size of the first frame or the canvas. https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 30) return undefined;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return sizeIfValid(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff);
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return sizeIfValid((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case 'VP8X':
      return sizeIfValid(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1);
    default:
      return undefined;
  }
}

/** More than any camera writes before the frame's segment. */
const MAX_SEGMENTS = 64;
const SEGMENT_HEAD = 9;

/**
 * Goes from segment to segment up to the frame's, and decodes only their heads: other segments are
 * colour profiles and previews of up to 64 kB each. https://www.w3.org/Graphics/JPEG/itu-t81.pdf
 */
function jpegSize(base64: string): ImageSize | undefined {
  let place = 2;
  for (let segment = 0; segment < MAX_SEGMENTS; segment += 1) {
    const bytes = bytesAt(base64, place, SEGMENT_HEAD);
    if (bytes.length < SEGMENT_HEAD || bytes[0] !== 0xff) return undefined;
    const marker = bytes.readUInt8(1);
    if (isFrame(marker)) return sizeIfValid(bytes.readUInt16BE(7), bytes.readUInt16BE(5));
    // Any number of bytes FF may come before a marker.
    place += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(2);
  }
  return undefined;
}

/** Decodes only these bytes: four characters of base64 are three bytes. */
function bytesAt(base64: string, place: number, length: number): Buffer {
  const group = Math.floor(place / 3);
  const end = Math.ceil((place + length) / 3);
  const bytes = Buffer.from(base64.slice(group * 4, end * 4), 'base64');
  return bytes.subarray(place - group * 3, place - group * 3 + length);
}

/** The markers C0 to CF, except those of tables: C4, C8 and CC. */
function isFrame(marker: number): boolean {
  return marker === 0xc0 || (marker > 0xc0 && marker <= 0xcf && marker % 4 !== 0);
}

/** JPEG, GIF and WebP have no longer sides, and no provider takes them. PNG could say four billion. */
const MAX_SIDE = 65_535;

function sizeIfValid(width: number, height: number): ImageSize | undefined {
  const isValid = width > 0 && height > 0 && Math.max(width, height) <= MAX_SIDE;
  return isValid ? { width, height } : undefined;
}
