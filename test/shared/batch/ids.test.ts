import { describe, expect, it } from 'vitest';
import {
  apiIdPattern,
  FILE_ID_PATTERN,
  fileIdOfKey,
  fileKey,
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
