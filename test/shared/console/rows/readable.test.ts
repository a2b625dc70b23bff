import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  errorMessageOf,
  parametersOf,
  passagesOfAnswer,
  passagesOfRequest,
  textOf,
} from '../../../../shared/console/rows/readable.ts';

const answerWith = (body: unknown) => ({ response: { status_code: 200, body }, error: null });

describe('a request in words', () => {
  it.each([
    [{ messages: [{ role: 'user', content: 'Hello' }] }, [{ label: 'user', text: 'Hello' }]],
    [
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              { type: 'image_url', image_url: { url: 'https://a.example/b.png' } },
            ],
          },
        ],
      },
      [{ label: 'user', text: 'What is it?\n[image: https://a.example/b.png]' }],
    ],
    [{ input: 'embed me' }, [{ label: 'input', text: 'embed me' }]],
    [
      { input: ['one', 'two'] },
      [
        { label: 'input', text: 'one' },
        { label: 'input', text: 'two' },
      ],
    ],
    [
      { instructions: 'Be brief.', input: [{ role: 'user', content: 'Hi' }] },
      [
        { label: 'instructions', text: 'Be brief.' },
        { label: 'user', text: 'Hi' },
      ],
    ],
    [{ other: 1 }, [{ label: 'body', text: '{\n  "other": 1\n}' }]],
  ])('%j', (body, passages) => {
    expect(passagesOfRequest({ body })).toEqual(passages);
  });

  it('has its parameters apart from its texts', () => {
    const body = { model: 'm', temperature: 0, messages: [] };
    expect(parametersOf({ url: '/v1/chat/completions', body })).toEqual([
      { label: 'url', text: '/v1/chat/completions' },
      { label: 'model', text: 'm' },
      { label: 'temperature', text: '0' },
    ]);
  });
});

describe('an answer in words', () => {
  it.each([
    [
      { choices: [{ message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }] },
      [{ label: 'assistant', text: 'Hi' }],
    ],
    [
      {
        choices: [
          { message: { role: 'assistant', content: 'A' }, finish_reason: 'length' },
          { message: { role: 'assistant', content: null, refusal: 'No.' } },
        ],
      },
      [
        { label: 'assistant 1 (ended by length)', text: 'A' },
        { label: 'assistant 2', text: 'No.' },
      ],
    ],
    [
      {
        object: 'response',
        output: [
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Thinking' }] },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] },
        ],
      },
      [
        { label: 'reasoning', text: 'Thinking' },
        { label: 'assistant', text: 'Hi' },
      ],
    ],
    [
      { data: [{ embedding: [1, 2, 3, 4, 5, 6, 7, 8, 9] }] },
      [{ label: 'embedding', text: '9 numbers: 1, 2, 3, 4, 5, 6, 7, 8, …' }],
    ],
    [{ error: { message: 'no' } }, []],
    [undefined, []],
  ])('%j', (body, passages) => {
    expect(passagesOfAnswer(answerWith(body))).toEqual(passages);
  });

  it('says who says what only if there are several', () => {
    expect(textOf([{ label: 'assistant', text: 'Hi' }])).toBe('Hi');
    const two = [
      { label: 'a', text: '1' },
      { label: 'b', text: '2' },
    ];
    expect(textOf(two)).toBe('a: 1\n\nb: 2');
  });
});

it('the message of an error is the one in the answer, or the one beside it', () => {
  expect(errorMessageOf({ error: { message: 'beside' } })).toBe('beside');
  const both = { response: { body: { error: { message: 'inside' } } }, error: { message: 'x' } };
  expect(errorMessageOf(both)).toBe('inside');
  expect(errorMessageOf({ error: null })).toBeUndefined();
});

it('whatever a provider has written is read without an error, however deep', () => {
  const names = ['body', 'response', 'choices', 'message', 'content', 'output', 'data', 'error'];
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'medium' },
      fc.anything(),
      fc.dictionary(fc.constantFrom(...names), tie('node')),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node;
  fc.assert(
    fc.property(tree, (value) => {
      for (const passages of [
        passagesOfRequest(value),
        passagesOfAnswer(value),
        parametersOf(value),
      ])
        for (const { label, text } of passages)
          expect([typeof label, typeof text]).toEqual(['string', 'string']);
      errorMessageOf(value);
    }),
  );
  let deep: unknown = 1;
  for (let level = 0; level < 50_000; level++) deep = [deep];
  expect(textOf(passagesOfRequest({ body: { messages: [{ content: deep }] } }))).toMatch(
    /nested too deeply/,
  );
});
