import type { ImageSize } from './imageSize.ts';

/** The prompt tokens of an image that is asked to be read with `detail`. */
export type ImageRule = (size: ImageSize, detail: unknown) => number;

/**
 * Tokens for the image as a whole, and for each tile of 512 pixels of it, once it fits in 2048 by
 * 2048 and its shorter side is 768. `auto` is `high`.
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
 * Tokens for each patch of 32 pixels, of the image scaled down to the limits of its detail.
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
 * A token for 750 pixels, of the image scaled down to 1568 pixels on its longer side.
 * https://platform.claude.com/docs/en/build-with-claude/vision
 */
const claude: ImageRule = (size) => {
  const { width, height } = scaled(size, Math.min(1, 1568 / longest(size)));
  return Math.min(1600, Math.ceil((width * height) / 750));
};

/** 258 tokens for each tile of 768 pixels. https://ai.google.dev/gemini-api/docs/tokens */
const gemini: ImageRule = (size) => 258 * (longest(size) <= 384 ? 1 : squares(size, 768));

/** By what a model's name contains. The first that fits counts: the longer names come first. */
const RULES: readonly (readonly [name: string, rule: ImageRule])[] = [
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
  ['claude', claude],
  ['gemini', gemini],
  ['o1', tiles(75, 150)],
  ['o3', tiles(75, 150)],
];

/** GPT-4o's and GPT-4.1's, also taken for models of unknown names. */
const USUAL_RULE = tiles(85, 170);

/** How the tokens of an image are told for a model. */
export function imageRule(model: string): ImageRule {
  return RULES.find(([name]) => model.includes(name))?.[1] ?? USUAL_RULE;
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
