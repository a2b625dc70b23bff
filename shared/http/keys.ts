import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { RandomSource } from '../batch/ports.ts';

/**
 * Keys of the HTTP API: `bhk_`, an id of 10 characters, `_`, 32 random characters (190 bits) and 6 check
 * characters. The prefix lets scanners of repositories find a key that was published, and the check
 * characters tell a malformed key without a read, as GitHub's tokens do:
 * https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
 */
const FORM = /^bhk_([0-9a-z]{10})_[0-9A-Za-z]{32}([0-9A-Za-z]{6})$/;

const LOWER = '0123456789abcdefghijklmnopqrstuvwxyz';
const BASE62 = `${LOWER}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
const CHECK_LENGTH = 6;

/** @param chance cryptographically secure */
export function makeKey(chance: Pick<RandomSource, 'randomInt'>): {
  readonly keyId: string;
  /** To be shown once, and kept nowhere. */
  readonly key: string;
} {
  const some = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[chance.randomInt(alphabet.length)]).join('');
  const keyId = some(LOWER, 10);
  const unchecked = `bhk_${keyId}_${some(BASE62, 32)}`;
  return { keyId, key: unchecked + checkOf(unchecked) };
}

/** The id of a key; undefined for what cannot be a key. */
export function keyIdOf(text: string): string | undefined {
  const [, keyId, check] = FORM.exec(text) ?? [];
  return check === checkOf(text.slice(0, -CHECK_LENGTH)) ? keyId : undefined;
}

/** CRC-32 in base 62. */
function checkOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < CHECK_LENGTH; place++) {
    digits = BASE62[rest % BASE62.length] + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}

/** SHA-256 in hex. A key is random, so a slow hash would protect nothing more. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Compares in constant time. @param sha256 in hex */
export function isKeyOf(sha256: string, key: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(key)), Buffer.from(sha256.padEnd(64, '-')));
}
