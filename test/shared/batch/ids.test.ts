import { describe, expect, it } from 'vitest';
import {
  apiIdPattern,
  FILE_ID_PATTERN,
  fileIdOfKey,
  fileKey,
  isInputOf,
  newApiId,
  ownKeyOf,
  ownObject,
  uploadPartKey,
} from '../../../shared/batch/ids.ts';

const zero = () => 0;

describe('ids of the HTTP API', () => {
  it.each([
    ['batch', `batch_${'a'.repeat(24)}`],
    ['file', `file-${'a'.repeat(24)}`],
    ['upload', `upload_${'a'.repeat(24)}`],
    ['part', `part_${'a'.repeat(24)}`],
  ] as const)('of a %s are those that its pattern takes', (object, id) => {
    expect(newApiId(object, zero)).toBe(id);
    expect(id).toMatch(apiIdPattern(object));
    expect(`${id}a`).not.toMatch(apiIdPattern(object));
    expect(id.toUpperCase()).not.toMatch(apiIdPattern(object));
  });
  it('take each character of the alphabet', () => {
    const last = (max: number) => max - 1;
    expect(newApiId('file', last)).toBe(`file-${'9'.repeat(24)}`);
  });
  it('of files may end in the longest id of a batch', () => {
    expect(`file-output-${'b'.repeat(100)}`).toMatch(FILE_ID_PATTERN);
    expect('file-a/b').not.toMatch(FILE_ID_PATTERN);
  });
});

describe('the file of a key', () => {
  const fileId = newApiId('file', zero);

  it('is the one that its key was made for', () => {
    expect(fileIdOfKey(fileKey(fileId))).toBe(fileId);
  });
  it.each([
    'uploads/my-batch.jsonl',
    'uploads/files/my-batch.jsonl',
    `uploads/files/x/${fileId}.jsonl`,
    `other/${fileKey(fileId)}`,
    uploadPartKey(newApiId('upload', zero), newApiId('part', zero)),
  ])('is none for %s', (key) => {
    expect(fileIdOfKey(key)).toBeUndefined();
  });
});

describe('the key of an object', () => {
  it('has no prefix in a bucket that is all the handler’s', () => {
    expect(ownObject({ bucket: 'b' }, 'uploads/a.jsonl')).toEqual({
      bucket: 'b',
      key: 'uploads/a.jsonl',
    });
    expect(ownKeyOf({ bucket: 'b' }, { bucket: 'b', key: 'uploads/a.jsonl' })).toBe(
      'uploads/a.jsonl',
    );
  });
  it.each([
    ['c', 'mine/uploads/a.jsonl'],
    ['b', 'uploads/a.jsonl'],
  ])('is none outside of the handler’s part: %s %s', (bucket, key) => {
    expect(ownKeyOf({ bucket: 'b', prefix: 'mine/' }, { bucket, key })).toBeUndefined();
  });
});

describe('an object that is the input of one batch alone', () => {
  it.each(['uploads/b.jsonl', 'uploads/b/1.jsonl', 'batches/b/t1/input.jsonl'])('is %s', (key) => {
    expect(isInputOf('b', key)).toBe(true);
  });
  it.each(['uploads/c.jsonl', 'uploads/b2.jsonl', 'batches/b2/t1/input.jsonl', 'inbox/b.jsonl'])(
    'is not %s',
    (key) => {
      expect(isInputOf('b', key)).toBe(false);
    },
  );
  it('is no file of the HTTP API, whatever the batch is called', () => {
    const key = fileKey(newApiId('file', () => 0));
    expect(key).toMatch(/^uploads\/files\//);
    expect(isInputOf('files', key)).toBe(false);
  });
});
