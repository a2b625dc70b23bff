import { crc32 } from 'node:zlib';

/** A 32-bit hash of a text or of bytes: equal input, equal hash, in every process. */
export function hashOf(value: string | Uint8Array): number {
  return mix(crc32(value), 0);
}

/** Two 32-bit numbers stirred into one, so that near input does not give near output. */
export function mix(a: number, b: number): number {
  // The finalizer of MurmurHash3.
  let h = a ^ Math.imul(b, 0x9e3779b9);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Numbers in [0, 1), the same sequence for the same seed. */
export function chanceFrom(seed: number): () => number {
  let drawn = 0;
  return () => mix(seed, ++drawn) / 2 ** 32;
}

/** `length` hexadecimal digits drawn from `chance`. */
export function hexadecimal(chance: () => number, length: number): string {
  let digits = '';
  while (digits.length < length) digits += Math.floor(chance() * 16).toString(16);
  return digits;
}
