import { describe, expect, test } from 'vitest';
import { ImportedFile, importableRequest } from '../../../shared/providers/vertex/gcsImport.ts';
import { JOB_SECONDS, world } from './world.ts';

const TEXT = { contents: [{ role: 'user', parts: [{ text: 'Say a word.' }] }] };
const asJson = (properties: object, more: object = {}) => ({
  ...TEXT,
  generationConfig: {
    responseMimeType: 'application/json',
    responseJsonSchema: { type: 'object', properties, ...more },
  },
});
const WORD = { word: { type: 'string' } };
const calling = (args: object) => ({
  contents: [
    ...TEXT.contents,
    { role: 'model', parts: [{ functionCall: { name: 'look', args } }] },
  ],
});

/** Runs requests as one job. Returns the error of the job, else the statuses of its rows. */
async function run(requests: readonly object[]) {
  const here = await world();
  await here.put(
    'input.jsonl',
    requests.map((request) => `${JSON.stringify({ request })}\n`).join(''),
  );
  const { body } = await here.create();
  await here.view(body.name);
  here.advanceSeconds(2 * JOB_SECONDS);
  await here.view(body.name);
  const { state, error } = await here.view(body.name);
  if (state === 'JOB_STATE_FAILED') return error;
  const { body: list } = await here.json('GET', '/storage/v1/b/a/o?prefix=output/');
  const path = `/storage/v1/b/a/o/${encodeURIComponent(list.items[0].name)}?alt=media`;
  const rows = (await here.call('GET', path)).text.trimEnd().split('\n');
  return rows.map((row): string => JSON.parse(row).status);
}

const failed = (message: RegExp) => ({
  code: 3,
  message: expect.stringMatching(new RegExp(`Failed to import data.*${message.source}`)),
});
const fits = (requests: readonly object[]) => {
  const file = new ImportedFile();
  for (const [index, request] of requests.entries())
    file.add(importableRequest({ ...request }), index + 1);
};

describe('an import from Cloud Storage fails as a whole', () => {
  test.each<[string, object[], RegExp]>([
    ['a key with $', [TEXT, asJson(WORD, { $schema: 'x' })], /Invalid field name "\$schema"/],
    ['null', [calling({ at: null })], /Only optional fields can be set to NULL/],
    [
      'an empty object',
      [calling({})],
      /Cannot store struct 'request\.contents.*args' with no fields/,
    ],
    ['a list and none', [calling({ at: 1 }), calling({ at: [1] })], /Array specified/],
    ['two types', [calling({ at: { x: 1 } }), calling({ at: 'x' })], /of another type/],
  ])('for %s', async (_, requests, message) => {
    expect(await run(requests)).toEqual(failed(message));
    // What the inspection lets through is imported.
    const mended = requests.map((request) => importableRequest({ ...request }));
    const isRefused = (() => {
      try {
        fits(requests);
        return false;
      } catch {
        return true;
      }
    })();
    if (!isRefused) expect(await run(mended)).toEqual(mended.map(() => ''));
  });
});

describe('an import from Cloud Storage changes requests', () => {
  test.each<[string, object[], RegExp]>([
    ['a schema beside none', [asJson(WORD), TEXT], /response_mime_type must be set when/],
    [
      'two schemas',
      [asJson(WORD), asJson({ other: { type: 'string' } })],
      /must be a boolean or an object/,
    ],
    [
      'a stop that is a number',
      [{ ...TEXT, generationConfig: { stopSequences: ['7'] } }],
      /stop_sequences/,
    ],
    [
      'a text that is a number',
      [{ contents: [{ role: 'user', parts: [{ text: '42' }] }] }],
      /parts\.text/,
    ],
  ])('with %s, and rows fail', async (_, requests, message) => {
    const statuses = await run(requests);
    expect(statuses).toContainEqual(expect.stringMatching(message));
    expect(() => fits(requests)).toThrow();
  });

  test('and not those that are alike', async () => {
    expect(await run([asJson(WORD), asJson(WORD)])).toEqual(['', '']);
    expect(await run([TEXT, { ...TEXT, generationConfig: { seed: 1 } }])).toEqual(['', '']);
  });
});
