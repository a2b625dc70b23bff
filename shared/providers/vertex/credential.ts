import { createPrivateKey } from 'node:crypto';
import { AwsClient, JWT } from 'google-auth-library';
import * as z from 'zod';
import { ProviderError } from '../../batch/errors.ts';
import type { SettingsOf } from '../../providerSettings.ts';
import type { Connection } from '../kinds.ts';
import { type Tokens, tokensOf } from './tokens.ts';

/** Everything that jobs, Storage and BigQuery need; roles say what of it the account may do. */
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** A service account's key as the console hands it out. */
const keySchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
});

type Entry = Pick<Connection<'vertex-ai'>, 'entry' | 'settings' | 'baseUrl' | 'secret'>;

/** Throws ProviderError `account` if the secret is no service account's key. */
export async function connectTokens(entry: Entry): Promise<Tokens> {
  const { workloadIdentity } = entry.settings;
  return tokensOf(
    workloadIdentity === undefined
      ? keyClient(await entry.secret(), entry)
      : federatedClient(workloadIdentity, entry.baseUrl),
  );
}

function keyClient(secret: string | undefined, { entry, baseUrl }: Entry): JWT {
  const parsed = keySchema.safeParse(parse(secret));
  if (!parsed.success || !isPrivateKey(parsed.data.private_key))
    throw new ProviderError('account', {
      code: 'secret_not_filled',
      message: `the secret of provider ${entry} holds no key of a Google service account: put its JSON in (aws secretsmanager put-secret-value); its batches go on by themselves`,
    });
  const { client_email: email, private_key: key, private_key_id: keyId } = parsed.data;
  const client = new JWT({ email, key, scopes: SCOPES, ...(keyId === undefined ? {} : { keyId }) });
  if (baseUrl !== undefined)
    client.transporter.interceptors.request.add({
      // The library knows one token endpoint only.
      resolved: async (request) =>
        Object.assign(request, { url: new URL(request.url.pathname, baseUrl) }),
    });
  return client;
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

function parse(secret: string | undefined): unknown {
  try {
    return JSON.parse(secret ?? '');
  } catch {
    return undefined;
  }
}

/**
 * Google takes the functions' own AWS role for an identity: no key is kept anywhere.
 * https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
 */
function federatedClient(
  { audience, serviceAccount }: NonNullable<SettingsOf<'vertex-ai'>['workloadIdentity']>,
  baseUrl: string | undefined,
): AwsClient {
  const impersonation = `${baseUrl ?? 'https://iamcredentials.googleapis.com'}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
  return new AwsClient({
    type: 'external_account',
    audience,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    token_url: `${baseUrl ?? 'https://sts.googleapis.com'}/v1/token`,
    scopes: SCOPES,
    ...(serviceAccount === undefined ? {} : { service_account_impersonation_url: impersonation }),
    aws_security_credentials_supplier: {
      getAwsRegion: async () => environment('AWS_REGION'),
      // Read each time: Lambda gives every environment fresh ones.
      getAwsSecurityCredentials: async () => {
        const token = process.env.AWS_SESSION_TOKEN;
        return {
          accessKeyId: environment('AWS_ACCESS_KEY_ID'),
          secretAccessKey: environment('AWS_SECRET_ACCESS_KEY'),
          ...(token ? { token } : {}),
        };
      },
    },
  });
}

function environment(name: string): string {
  const value = process.env[name];
  if (value) return value;
  const message = `workload identity federation needs ${name}, which the environment lacks`;
  throw new ProviderError('account', { code: 'aws_credentials_missing', message });
}
