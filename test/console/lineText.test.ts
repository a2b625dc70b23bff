import fc from 'fast-check';
import { expect, it } from 'vitest';
import { differing } from '../../console/components/rows/lineText.ts';

it.each([
  [
    'billing, urgency 3',
    'billing, urgency 4',
    { head: 'billing, urgency ', changed: '3', tail: '' },
  ],
  ['a b c', 'a x c', { head: 'a ', changed: 'b', tail: ' c' }],
  ['same', 'same', { head: 'same', changed: '', tail: '' }],
  ['new', '', { head: '', changed: 'new', tail: '' }],
])('%j differs from %j in what changed', (text, before, expected) => {
  expect(differing(text, before)).toEqual(expected);
});

it('what differs, with what does not, is the whole text', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n') });
  fc.assert(
    fc.property(text, text, (one, other) => {
      const { head, changed, tail } = differing(one, other);
      expect(head + changed + tail).toBe(one);
      expect(other.startsWith(head) && other.endsWith(tail)).toBe(true);
    }),
  );
});
