import { expect, test } from 'vitest';
import { ElementSplitter } from '../../../simulators/anthropic/input.ts';

const BODY = {
  note: 'a {"b": [1]} \\" in a text',
  requests: [{ a: '}]{[ü' }, { b: [{ c: { d: '"\\' } }] }, {}],
  more: { requests: [[{}]] },
};

function split(text: string, chunkBytes: number) {
  const splitter = new ElementSplitter();
  const bytes = Buffer.from(text);
  const elements: unknown[] = [];
  for (let start = 0; start < bytes.length; start += chunkBytes)
    for (const element of splitter.split(bytes.subarray(start, start + chunkBytes)))
      elements.push(JSON.parse(element.toString()));
  return { elements, frame: splitter.end() };
}

test.each([1, 2, 3, 7, 1_000])('splits a body that comes %i bytes at a time', (chunkBytes) => {
  const { elements, frame } = split(
    JSON.stringify({ requests: BODY.requests }, null, 1),
    chunkBytes,
  );
  expect(elements).toEqual(BODY.requests);
  expect(frame).toEqual({ requests: [0, 0, 0] });
});

test('what stands around the list is kept as it is', () => {
  const { frame } = split(JSON.stringify({ note: BODY.note, requests: [{}] }), 1_000);
  expect(frame).toEqual({ note: BODY.note, requests: [0] });
});

test.each(['', '{"requests":[{}', '[{}', 'nonsense', '{"requests":[{}}}'])(
  '%s is no JSON',
  (text) => {
    expect(split(text, 5).frame).toBeUndefined();
  },
);
