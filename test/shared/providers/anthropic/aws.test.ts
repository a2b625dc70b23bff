import { afterEach, expect, test, vi } from 'vitest';
import { anthropicAt } from './provider.ts';

afterEach(() => vi.unstubAllEnvs());

test('without a region anywhere, the entry is blocked with the fix', async () => {
  vi.stubEnv('AWS_REGION', undefined);
  const connecting = anthropicAt('http://localhost:1', { aws: { workspaceId: 'wrkspc_1' } });
  await expect(connecting).rejects.toMatchObject({
    kind: 'account',
    reason: { code: 'region_missing', message: expect.stringContaining('no aws.region') },
  });
});

test('without AWS credentials, nothing is sent and the entry is blocked', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
  const aws = { workspaceId: 'wrkspc_1', region: 'us-west-2' };
  const provider = await anthropicAt('http://localhost:1', { aws });
  await expect(provider.check('msgbatch_1')).rejects.toMatchObject({
    kind: 'account',
    reason: { code: 'no_aws_credentials' },
  });
});
