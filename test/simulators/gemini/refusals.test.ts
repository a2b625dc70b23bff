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

test('a call without its signature is refused in its row', async () => {
  const request = { contents: [{ role: 'model', parts: [call] }] };
  expect(await resultOf(JSON.stringify({ key: 'a', request }), 'gemini-3-flash-preview')).toEqual({
    key: 'a',
    error: { code: 3, message: expect.stringContaining('thought_signature') },
  });
});

const line = (request: object) => JSON.stringify({ key: 'a', request });

test.each([
  ['no JSON', 'hello', /Line 1/],
  ['no key', JSON.stringify({ request: { contents } }), /Line 1/],
  // The SDK sends no empty file.
  ['nothing', '\n', /Line 1/],
  ['a field that does not exist', line({ contents, temperature: 1 }), /Unknown name .*temperature/],
  ['no contents', line({}), /contents is not/],
  ['a content without parts', line({ contents: [{ role: 'user' }] }), /contents\.parts/],
  ['one malformed request of two', `${line({ contents })}\n${line({})}`, /Line 2/],
])('the create call for a file of %s is refused', async (_name, text, message) => {
  await expect(resultOf(text)).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(message),
  });
});

test('fields may have the case of Python', async () => {
  const request = {
    contents,
    system_instruction: { parts: [{ text: 'Be short.' }] },
    generation_config: { candidate_count: 2 },
  };
  const { response } = await resultOf(line(request));
  expect(response.candidates).toHaveLength(2);
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
