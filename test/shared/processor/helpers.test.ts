import { expect, it, test } from 'vitest';
import { answerText, groupsOf } from '../../../shared/processor/index.ts';

test.each([
  [{ choices: [{ message: { content: 'chat' } }] }, 'chat'],
  [{ choices: [{ message: { content: null } }] }, ''],
  [{ choices: [{ text: 'completion' }] }, 'completion'],
  [{ choices: [] }, ''],
  [
    { output: [{}, { content: [{ text: 'res' }, { text: 'ponse' }] }, { content: [{}] }] },
    'response',
  ],
  [{ data: [{ embedding: [1, 2] }] }, '{"data":[{"embedding":[1,2]}]}'],
  [null, 'null'],
  [undefined, ''],
])('the text of %j is %j', (body, text) => {
  expect(answerText(body)).toBe(text);
});

it('gathers a stream into groups, and waits for each to be taken', async () => {
  let given = 0;
  async function* numbers() {
    while (given < 5) {
      given += 1;
      yield given;
    }
  }
  const seen: [readonly number[], number][] = [];
  for await (const group of groupsOf(numbers(), 2)) seen.push([group, given]);

  expect(seen).toEqual([
    [[1, 2], 2],
    [[3, 4], 4],
    [[5], 5],
  ]);
});
