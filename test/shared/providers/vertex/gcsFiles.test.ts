import { describe, expect, test } from 'vitest';
import {
  deleteGcsFolder,
  gcsFiles,
  gcsLines,
  type Objects,
} from '../../../../shared/providers/vertex/gcs.ts';

const KEY = 'bhabcdefghij012345-1';
const FOLDER = `batch-handler/${KEY}/output/prediction-model-2026/`;

/** A bucket with these objects. */
function bucketOf(contents: Readonly<Record<string, string>>) {
  const deleted: string[] = [];
  const names = Object.keys(contents);
  const objects: Objects = {
    head: async () => undefined,
    list: async (bucket, prefix) =>
      names
        .filter((name) => `${bucket}/${name}`.startsWith(`a-bucket/${prefix}`))
        .map((name) => ({ name, timeCreated: 0 })),
    delete: async ({ name }) => {
      deleted.push(name);
    },
    async *download({ name }) {
      yield Buffer.from(contents[name] ?? '');
    },
  };
  return { objects, deleted };
}

describe('gcsFiles', () => {
  test.each([
    [['predictions.jsonl'], ['predictions.jsonl']],
    [
      ['000000000000.jsonl', '000000000001.jsonl'],
      ['000000000000.jsonl', '000000000001.jsonl'],
    ],
    [
      ['prediction.results-00000-of-00002', 'prediction.errors_stats-00000-of-00001'],
      ['prediction.results-00000-of-00002'],
    ],
    [['incremental_predictions.jsonl', 'predictions.jsonl'], ['predictions.jsonl']],
    [['incremental_predictions.jsonl'], ['incremental_predictions.jsonl']],
    [[], []],
  ])('of the objects %o, the rows are in %o', async (found, expected) => {
    const { objects } = bucketOf(Object.fromEntries(found.map((name) => [`${FOLDER}${name}`, ''])));
    const files = await gcsFiles(objects, `gs://a-bucket/batch-handler/${KEY}/output/`);
    expect(files).toEqual(expected.map((name) => `gs://a-bucket/${FOLDER}${name}`));
  });
});

test('gcsLines gives the lines of an object', async () => {
  const lines: string[] = [];
  const { objects } = bucketOf({ o: '{"a":1}\n{"a":2}\n' });
  for await (const group of gcsLines(objects, 'gs://a-bucket/o'))
    lines.push(...group.map((line) => Buffer.from(line).toString()));
  expect(lines).toEqual(['{"a":1}', '{"a":2}']);
});

test('deleteGcsFolder deletes the objects of the submission, and nothing else', async () => {
  const own = [`batch-handler/${KEY}/input.jsonl`, `${FOLDER}predictions.jsonl`];
  const { objects, deleted } = bucketOf(
    Object.fromEntries([...own, `batch-handler/${KEY}0/input.jsonl`, 'other'].map((o) => [o, ''])),
  );
  await deleteGcsFolder(objects, 'gs://a-bucket/whatever', KEY);
  expect(deleted).toEqual(own);
});
