import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectRest } from '../../../../shared/providers/google/rest.ts';
import { bearing, connectTokens } from '../../../../shared/providers/vertex/credential.ts';
import { localServiceAccountKey } from '../../../../simulators/vertex/tokens.ts';
import { startVertex, vertexSettings } from './world.ts';

type World = Awaited<ReturnType<typeof startVertex>>;
type Settings = ReturnType<typeof vertexSettings>;

const AUDIENCE =
  '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws';
const KEY = localServiceAccountKey('tester@a-project.iam.gserviceaccount.com');

let world: World;
beforeEach(async () => {
  world = await startVertex({}, {});
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

function connect(secret: string | undefined, workloadIdentity?: Settings['workloadIdentity']) {
  const settings = vertexSettings(workloadIdentity ? { workloadIdentity } : {});
  return connectTokens({
    entry: 'vertex',
    settings,
    baseUrl: world.url,
    secret: async () => secret,
  });
}

/** An access token that the APIs accept. */
async function isTaken(token: () => Promise<string>): Promise<boolean> {
  const url = `${world.url}/storage/v1/b/a-bucket/o`;
  const listing = await connectRest(bearing(token)).read({ method: 'GET', url });
  return (listing as { kind: string }).kind === 'storage#objects';
}

describe("a service account's key", () => {
  test('gives a token', async () => {
    expect(await isTaken(await connect(KEY))).toBe(true);
  });

  test.each([
    undefined,
    '',
    'replace-me',
    '{}',
    JSON.stringify({ type: 'authorized_user', client_email: 'a', private_key: 'b' }),
    JSON.stringify({ ...JSON.parse(KEY), private_key: '-----BEGIN PRIVATE KEY-----\nxyz' }),
  ])('%s is refused without quoting it', async (secret) => {
    const refused = expect(connect(secret)).rejects;
    await refused.toMatchObject({ kind: 'account', reason: { code: 'secret_not_filled' } });
    await refused.not.toThrow(/xyz/);
  });

  test('a key that Google refuses is an account failure', async () => {
    const tokens = await connect(KEY);
    world.inject({ path: /\/token$/, times: 100, fault: { kind: 'status', status: 400 } });
    const refused = { kind: 'account', reason: { code: 'credential_refused' } };
    await expect(tokens()).rejects.toMatchObject(refused);
  });
});

describe('workload identity federation', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIAEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-a-secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'a-session');
  });

  test('gives a token without a secret', async () => {
    expect(await isTaken(await connect(undefined, { audience: AUDIENCE }))).toBe(true);
  });

  test('may act as a service account', async () => {
    const serviceAccount = 'batch@a-project.iam.gserviceaccount.com';
    expect(await isTaken(await connect(undefined, { audience: AUDIENCE, serviceAccount }))).toBe(
      true,
    );
  });

  test('an identity that Google refuses is an account failure', async () => {
    const tokens = await connect(undefined, { audience: AUDIENCE });
    world.inject({ path: /\/v1\/token$/, times: 100, fault: { kind: 'status', status: 400 } });
    await expect(tokens()).rejects.toMatchObject({ kind: 'account' });
  });

  test('missing AWS credentials are an account failure', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    const tokens = await connect(undefined, { audience: AUDIENCE });
    await expect(tokens()).rejects.toMatchObject({
      kind: 'account',
      reason: { code: 'aws_credentials_missing' },
    });
  });
});
