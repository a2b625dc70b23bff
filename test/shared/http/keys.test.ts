import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, isKeyOf, keyIdOf, makeKey } from '../../../shared/http/keys.ts';
import { systemChance } from '../../../shared/system.ts';

describe('a key of the API', () => {
  it('has a form that scanners know, and an id that is a part of it', () => {
    const { keyId, key } = makeKey(systemChance);
    expect(key).toMatch(/^bhk_[0-9a-z]{10}_[0-9A-Za-z]{38}$/);
    expect(key.slice(4, 14)).toBe(keyId);
    expect(keyIdOf(key)).toBe(keyId);
  });

  it('stays the same, because keys that were handed out have to go on working', () => {
    const { key } = makeKey({ randomInt: (max) => max - 1 });
    // CRC-32 of everything before, by Python's zlib.crc32, in base 62 with lower case before upper case.
    expect(key).toBe(`bhk_${'z'.repeat(10)}_${'Z'.repeat(32)}3Ei8o9`);
  });

  it('is different each time', () => {
    const keys = Array.from({ length: 1000 }, () => makeKey(systemChance).key);
    expect(new Set(keys).size).toBe(1000);
  });

  it('is malformed as soon as one character of it is another', () => {
    const { key } = makeKey(systemChance);
    const character = fc.constantFrom(...'0123456789azAZ_-. ');
    fc.assert(
      fc.property(fc.nat(key.length - 1), character, (at, other) => {
        fc.pre(key[at] !== other);
        expect(keyIdOf(key.slice(0, at) + other + key.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  it('is not found in any other text', () => {
    const { key } = makeKey(systemChance);
    for (const text of ['', 'x', ` ${key}`, `${key}\n`, key.slice(0, -1), `${key}0`, key.repeat(9)])
      expect(keyIdOf(text)).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => keyIdOf(text) === undefined));
  });

  it('is known by its hash, and by no other', () => {
    const [one, other] = [makeKey(systemChance).key, makeKey(systemChance).key];
    expect(isKeyOf(hashOf(one), one)).toBe(true);
    expect(isKeyOf(hashOf(one), other)).toBe(false);
    expect(isKeyOf('', one)).toBe(false);
  });
});
