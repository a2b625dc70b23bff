import { describe, expect, test } from 'vitest';
import { chatCompletionOfGemini } from '../../../../../shared/providers/translation/geminiAnswer.ts';

const FACTS = { id: 'an-id', model: 'gemini-2.5-flash', created: 1_764_000_000 };

interface Completion {
  readonly id: string;
  readonly choices: readonly {
    readonly message: {
      readonly content: string | null;
      readonly refusal: string | null;
      readonly tool_calls?: readonly { readonly id: string }[];
    };
    readonly finish_reason: string;
  }[];
  readonly usage: object;
}

function translate(response: unknown): Completion {
  return chatCompletionOfGemini(response, FACTS) as Completion;
}

function candidate(parts: object[], finishReason = 'STOP') {
  return { content: { parts, role: 'model' }, finishReason };
}

test('a whole answer', () => {
  const response = {
    candidates: [
      candidate([
        { text: 'I think.', thought: true },
        { text: 'It ', thoughtSignature: 'abc' },
        { text: 'rains.' },
      ]),
    ],
    usageMetadata: {
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      toolUsePromptTokenCount: 2,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 7,
      totalTokenCount: 24,
    },
    modelVersion: 'gemini-2.5-flash-001',
    responseId: 'its-own-id',
  };
  expect(translate(response)).toEqual({
    id: 'its-own-id',
    object: 'chat.completion',
    created: 1_764_000_000,
    model: 'gemini-2.5-flash-001',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'It rains.', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 12,
      completion_tokens: 12,
      total_tokens: 24,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 7 },
    },
  });
});

describe('function calls', () => {
  const call = (part: object) => translate({ candidates: [candidate([part])] }).choices[0];

  test("are tool calls, with Gemini's own id", () => {
    const choice = call({ functionCall: { id: 'f-1', name: 'weather', args: { city: 'Rome' } } });
    expect(choice).toMatchObject({
      message: {
        content: null,
        tool_calls: [
          {
            id: 'f-1',
            type: 'function',
            function: { name: 'weather', arguments: '{"city":"Rome"}' },
          },
        ],
      },
      finish_reason: 'tool_calls',
    });
  });

  test('without an id get one from their position, the same each time', () => {
    const response = {
      candidates: [1, 2].map(() =>
        candidate([{ functionCall: { name: 'f' } }, { functionCall: { name: 'f' } }]),
      ),
    };
    const ids = () =>
      translate(response).choices.flatMap(
        ({ message }) => message.tool_calls?.map(({ id }) => id) ?? [],
      );
    expect(new Set(ids()).size).toBe(4);
    expect(ids()).toEqual(ids());
    for (const id of ids()) expect(id).toMatch(/^call_[0-9a-f]{24}$/);
  });
});

describe('refusals', () => {
  test.each(['SAFETY', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'IMAGE_SAFETY'])(
    'a prompt blocked for %s',
    (blockReason) => {
      const { choices } = translate({
        promptFeedback: { blockReason },
        usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
      });
      expect(choices).toMatchObject([
        {
          message: { content: null, refusal: expect.stringContaining(blockReason) },
          finish_reason: 'content_filter',
        },
      ]);
    },
  );

  test('an answer that was blocked before its first token', () => {
    const { choices } = translate({ candidates: [{ finishReason: 'SAFETY' }] });
    expect(choices[0]?.message).toMatchObject({ content: null, refusal: expect.any(String) });
  });
});

test('an answer without text is an answer', () => {
  const { choices } = translate({ candidates: [{ content: {}, finishReason: 'MAX_TOKENS' }] });
  expect(choices[0]).toMatchObject({ message: { content: null }, finish_reason: 'length' });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['text', 'a secret'],
  ['no candidates', {}],
  ['text that is none', { candidates: [{ content: { parts: [{ text: 5 }] } }] }],
  ['a call without a name', { candidates: [candidate([{ functionCall: { args: {} } }])] }],
])('%s is no answer', (_name, response) => {
  expect(() => translate(response)).toThrowError(/the answer (is none|has no)/);
  expect(() => translate(response)).not.toThrowError('secret');
});

describe('an image', () => {
  const inlineData = { mimeType: 'image/png', data: 'iVBORw0KGgo=' };
  const URL_OF_IMAGE = 'data:image/png;base64,iVBORw0KGgo=';
  const contentOf = (parts: object[]) =>
    translate({ candidates: [candidate(parts)] }).choices[0]?.message.content;

  test('alone is a data URL, not an empty answer', () => {
    expect(contentOf([{ inlineData, thoughtSignature: 'x' }])).toBe(URL_OF_IMAGE);
  });

  test('between texts is on a line of its own', () => {
    const parts = [{ text: 'Here:' }, { inlineData }, { text: 'Done.' }];
    expect(contentOf(parts)).toBe(`Here:\n${URL_OF_IMAGE}\nDone.`);
  });

  test('in a file is the URI of the file', () => {
    expect(contentOf([{ fileData: { fileUri: 'https://example.com/a.png' } }])).toBe(
      'https://example.com/a.png',
    );
  });

  test('of a thought is no part of the answer', () => {
    expect(contentOf([{ inlineData, thought: true }, { text: 'a' }])).toBe('a');
  });
});

test('numbers of tokens that are none do not cost the answer', () => {
  const usageMetadata = { promptTokenCount: -1, candidatesTokenCount: 'many' };
  const response = { candidates: [candidate([{ text: 'a' }])], usageMetadata };
  expect(translate(response).choices).toMatchObject([{ message: { content: 'a' } }]);
});
