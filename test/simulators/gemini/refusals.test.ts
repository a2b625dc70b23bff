import { expect, test } from 'vitest';
import { MODEL, world } from './world.ts';

/** The result of one request, or the error of its job. */
async function resultOf(line: string, model = MODEL) {
  const here = await world();
  const { name: src = '' } = await here.upload(line);
  const { name } = await here.client.batches.create({ model, src, config: { displayName: 'a' } });
  const ended = await here.end(name);
  return ended.dest?.fileName === undefined
    ? ended.state
    : JSON.parse(await here.content(ended.dest.fileName));
}

const contents = [{ parts: [{ text: 'Hi' }] }];
const call = { functionCall: { name: 'f', args: {} } };

test.each<[string, object, string, string?]>([
  ['a field that does not exist', { contents, model: 'x' }, 'Unknown name "model"'],
  ['no contents', {}, 'contents'],
  ['a content without parts', { contents: [{ role: 'user' }] }, 'contents.parts'],
  [
    'a call without its signature',
    { contents: [{ role: 'model', parts: [call] }] },
    'thought_signature',
    'gemini-3-flash-preview',
  ],
])('%s is refused in its row', async (_name, request, text, model = MODEL) => {
  const line = JSON.stringify({ key: 'a', request });
  expect(await resultOf(line, model)).toEqual({
    key: 'a',
    error: { code: 3, message: expect.stringContaining(text) },
  });
});

test.each([
  ['no JSON', 'hello'],
  ['no key', JSON.stringify({ request: { contents } })],
  ['nothing', ''],
])('a file of %s fails the job', async (_name, line) => {
  // The SDK sends no empty file.
  expect(await resultOf(line === '' ? '\n' : line)).toBe('JOB_STATE_FAILED');
});

test('a forced function is called', async () => {
  const declarations = [{ name: 'first' }, { name: 'second' }];
  const request = {
    contents,
    tools: [{ functionDeclarations: declarations }],
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['second'] } },
  };
  expect(await resultOf(JSON.stringify({ key: 'a', request }))).toMatchObject({
    response: { candidates: [{ content: { parts: [{ functionCall: { name: 'second' } }] } }] },
  });
});

test('a create call with an unknown file is refused', async () => {
  const { client } = await world();
  const config = { displayName: 'a' };
  const creating = client.batches.create({ model: MODEL, src: 'files/nowhere', config });
  await expect(creating).rejects.toMatchObject({ status: 403 });
});
