import { describe, expect, it } from 'vitest';
import {
  cancelled,
  completed,
  isSameCompletion,
  refused,
  startAssembly,
  type UploadIn,
  uploadSchema,
} from '../../../shared/batch/upload.ts';
import { NOW } from '../../support/given.ts';

const part = (letter: string) => `part_${letter.repeat(24)}`;
const FILE_ID = `file-${'a'.repeat(24)}`;

const pending: UploadIn<'pending'> = {
  uploadId: `upload_${'a'.repeat(24)}`,
  version: 0,
  status: 'pending',
  filename: 'requests.jsonl',
  purpose: 'batch',
  mimeType: 'application/jsonl',
  bytes: 12,
  createdAt: NOW,
  expiresAt: NOW + 3_600_000,
};
const completion = { partIds: [part('a'), part('b')], md5: 'd41d8cd98f00b204e9800998ecf8427e' };
const assembling = startAssembly(pending, completion) as UploadIn<'assembling'>;
const refusal = refused(assembling, { code: 'part_missing', message: 'a part is missing' });
const whole = completed(assembling, FILE_ID, NOW + 1);

describe('an upload', () => {
  it('rises by one version with every step, and keeps what its client said', () => {
    const { uploadId, filename, bytes, createdAt, expiresAt } = pending;
    for (const next of [assembling, refusal, whole])
      expect(uploadSchema.parse(next)).toMatchObject({
        ...{ uploadId, filename, bytes, createdAt, expiresAt, completion },
      });
    expect([assembling, refusal, whole].map(({ version }) => version)).toEqual([1, 2, 2]);
    expect(whole).toMatchObject({ status: 'completed', fileId: FILE_ID, completedAt: NOW + 1 });
  });
  it('takes another completion after one was refused', () => {
    const again = startAssembly(refusal, { partIds: [part('c')] });
    expect(again).toMatchObject({ status: 'assembling', completion: { partIds: [part('c')] } });
  });
  it.each([
    ['is being put together', assembling],
    ['was completed', whole],
    ['was cancelled', cancelled(pending)],
  ] as const)('takes no completion once it %s', (_, upload) => {
    expect(startAssembly(upload ?? pending, completion)).toBeUndefined();
  });
  it('can be cancelled until its file is there', () => {
    for (const upload of [pending, assembling, refusal])
      expect(cancelled(upload)).toMatchObject({ status: 'cancelled', version: upload.version + 1 });
    expect(cancelled(whole)).toBeUndefined();
  });
});

describe('a completion', () => {
  it('is the same if its parts are, in their order, and its sum', () => {
    expect(isSameCompletion(completion, { ...completion })).toBe(true);
  });
  it.each([
    ['another sum', { ...completion, md5: undefined }],
    ['fewer parts', { ...completion, partIds: [part('a')] }],
    ['another order', { ...completion, partIds: [part('b'), part('a')] }],
  ])('is another with %s', (_, other) => {
    expect(isSameCompletion(completion, other)).toBe(false);
  });
});
