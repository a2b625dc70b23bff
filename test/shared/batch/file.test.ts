import { describe, expect, it } from 'vitest';
import { fileLifeSeconds, fileSchema, newFile } from '../../../shared/batch/file.ts';
import { DEFAULT_POLICY, lifetimeSeconds } from '../../../shared/batch/policy.ts';
import { NOW } from '../../support/given.ts';

const DAY = 24 * 60 * 60;

describe('the life of a file', () => {
  it('is 30 days if nothing else is asked for', () => {
    expect(fileLifeSeconds(DEFAULT_POLICY)).toBe(30 * DAY);
    expect(fileLifeSeconds(DEFAULT_POLICY, DAY)).toBe(DAY);
  });
  it('is never longer than that of its object', () => {
    const most = lifetimeSeconds(DEFAULT_POLICY);
    expect(fileLifeSeconds(DEFAULT_POLICY, most + 1)).toBe(most);
  });
});

it('a new file is one that is read back, and is served until its life is over', () => {
  const given = { fileId: 'file-a', filename: 'a.jsonl', bytes: 3, purpose: 'batch' };
  const file = newFile({ ...given, tenant: undefined, lifeSeconds: DAY }, NOW);
  expect(fileSchema.parse(file)).toMatchObject({
    ...given,
    ...{ version: 0, status: 'uploaded', createdAt: NOW, expiresAt: NOW + DAY * 1000 },
  });
});
