import { expect, it } from 'vitest';
import { omitUndefined } from '../../shared/omitUndefined.ts';

it('keeps null, false, zero and empty text, and leaves out only what is undefined', () => {
  const given = { a: undefined, b: null, c: false, d: 0, e: '' };
  expect(Object.entries(omitUndefined(given))).toEqual([
    ['b', null],
    ['c', false],
    ['d', 0],
    ['e', ''],
  ]);
});

it("takes a user's key __proto__ as a key like any other, which changes no prototype", () => {
  const given = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}');
  const kept = omitUndefined(given);
  expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
  expect(Reflect.get(kept, 'admin')).toBeUndefined();
  expect(JSON.stringify(kept)).toBe(JSON.stringify(given));
});
