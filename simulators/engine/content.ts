import { crc32 } from 'node:zlib';

/** A request as a fake model gets it. */
export interface FakeRequest {
  readonly body: Readonly<Record<string, unknown>>;
  readonly inputTokens: number;
  /** Numbers in [0, 1) seeded with the request, so that equal requests get equal replies. */
  readonly random: () => number;
}

/** What a fake model replies. */
export interface FakeReply {
  readonly body: Readonly<Record<string, unknown>>;
  readonly outputTokens: number;
}

const BYTES_PER_TOKEN = 4;

export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

const OPENINGS = ['Let us see.', 'First, look at what is given.', 'Step by step:', 'Note that'];
const MIDDLES = [
  'the amounts add up to the total',
  'each part is counted once',
  'half of it remains',
  'the rest follows from the first number',
];
const MAX_NUMBER = 1000;

/** A short text that ends in `#### ` and a number, like the solution of a GSM8K problem. */
export function fakeText(random: () => number): { text: string; tokens: number } {
  const number = Math.floor(random() * MAX_NUMBER);
  const text = `${pick(OPENINGS, random)} ${pick(MIDDLES, random)}, so it is ${number}.\n#### ${number}`;
  return { text, tokens: estimateTokens(text.length) };
}

function pick(texts: readonly string[], random: () => number): string {
  return texts[Math.floor(random() * texts.length)] ?? '';
}

const DECIMALS = 6;

export function fakeEmbedding(length: number, random: () => number): number[] {
  return Array.from({ length }, () => Number((random() * 0.1 - 0.05).toFixed(DECIMALS)));
}

/** A 32-bit hash of a text or of bytes: equal input gives an equal hash in every process. */
export function hashOf(value: string | Uint8Array): number {
  return mix(crc32(value), 0);
}

/** Mixes two 32-bit numbers into one, so that similar inputs give unrelated outputs. */
export function mix(a: number, b: number): number {
  // The finalizer of MurmurHash3.
  let h = a ^ Math.imul(b, 0x9e3779b9);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A generator of numbers in [0, 1): equal seeds give equal sequences. */
export function seededRandom(seed: number): () => number {
  let drawn = 0;
  return () => mix(seed, ++drawn) / 2 ** 32;
}

/** `length` random hexadecimal digits. */
export function hexadecimal(random: () => number, length: number): string {
  let digits = '';
  while (digits.length < length) digits += Math.floor(random() * 16).toString(16);
  return digits;
}

/**
 * The order in which a job runs its requests and writes their rows: shuffled, since real providers
 * promise no order, and the same every time.
 *
 * @param hashes one per request, of its line
 * @param salt another salt gives another order
 */
export function runningOrder(hashes: readonly number[], salt: number): number[] {
  const keys = hashes.map((hash) => mix(hash, salt));
  return keys.map((_, index) => index).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
}
