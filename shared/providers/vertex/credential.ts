import { createPrivateKey } from 'node:crypto';
import { type AuthClient, AwsClient, JWT } from 'google-auth-library';
import * as z from 'zod';
import { messageOf, ProviderError, shortReason } from '../../batch/errors.ts';
import { tryParseJson } from '../../jsonl/rows.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { Authorize } from '../google/rest.ts';
import type { ProviderEntry } from '../provider.ts';
import type { VertexSettings } from './description.ts';

/** Covers jobs, Storage and BigQuery; roles limit what the account may do. */
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** The key of a service account, as Google's console creates it. */
const serviceAccountKeySchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
});

type CredentialEntry = Pick<
  ProviderEntry<VertexSettings>,
  'entry' | 'settings' | 'baseUrl' | 'secret'
>;

/** @throws ProviderError `account` if the secret is no key of a service account */
export async function connectTokens(entry: CredentialEntry): Promise<AccessTokens> {
  const { workloadIdentity } = entry.settings;
  const client =
    workloadIdentity === undefined
      ? keyClient(await entry.secret(), entry)
      : federatedClient(workloadIdentity, entry.baseUrl);
  client.transporter.interceptors.request.add({
    // Another host must not receive what proves the account's identity.
    resolved: async (request) => Object.assign(request, { redirect: 'error' }),
  });
  return tokensOf(client);
}

function keyClient(secret: string | undefined, { entry, baseUrl }: CredentialEntry): JWT {
  const parsed = serviceAccountKeySchema.safeParse(tryParseJson(secret ?? ''));
  if (!parsed.success || !isPrivateKey(parsed.data.private_key))
    throw new ProviderError('account', {
      code: 'secret_not_filled',
      message: `the secret of provider ${entry} holds no key of a Google service account: put its JSON in (batch-handler key ${entry}); its batches go on by themselves`,
    });
  const { client_email: email, private_key: key, private_key_id: keyId } = parsed.data;
  const client = new JWT(omitUndefined({ email, key, keyId, scopes: SCOPES }));
  if (baseUrl !== undefined)
    client.transporter.interceptors.request.add({
      // The library has only one token endpoint.
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

/**
 * Google accepts the functions' own AWS role as an identity, so that no key exists.
 * https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
 */
function federatedClient(
  { audience, serviceAccount }: NonNullable<VertexSettings['workloadIdentity']>,
  baseUrl: string | undefined,
): AwsClient {
  const impersonation = `${baseUrl ?? 'https://iamcredentials.googleapis.com'}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
  const options = omitUndefined({
    type: 'external_account',
    audience,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    token_url: `${baseUrl ?? 'https://sts.googleapis.com'}/v1/token`,
    scopes: SCOPES,
    service_account_impersonation_url: serviceAccount === undefined ? undefined : impersonation,
    aws_security_credentials_supplier: {
      getAwsRegion: async () => environment('AWS_REGION'),
      // Read each time, because Lambda gives each environment new credentials.
      getAwsSecurityCredentials: async () => {
        return omitUndefined({
          accessKeyId: environment('AWS_ACCESS_KEY_ID'),
          secretAccessKey: environment('AWS_SECRET_ACCESS_KEY'),
          token: process.env.AWS_SESSION_TOKEN || undefined,
        });
      },
    },
  });
  return new AwsClient(options);
}

function environment(name: string): string {
  const value = process.env[name];
  if (value) return value;
  const message = `workload identity federation needs ${name}, which the environment lacks`;
  throw new ProviderError('account', { code: 'aws_credentials_missing', message });
}

/** Gives a valid access token. @throws ProviderError `account` or `transient` */
export type AccessTokens = () => Promise<string>;

/** The library repeats calls that may succeed later, and has no deadline of its own. */
const TOKEN_DEADLINE_MS = 60_000;

/** Access tokens of a client, which keeps each until shortly before it expires. */
function tokensOf(client: Pick<AuthClient, 'getAccessToken'>): AccessTokens {
  return async () => {
    try {
      const { token } = await within(TOKEN_DEADLINE_MS, client.getAccessToken());
      if (token) return token;
    } catch (error) {
      throw tokenError(error);
    }
    throw tokenError(new Error('the answer holds no token'));
  };
}

/** Authorizes calls with these tokens. */
export function bearing(tokens: AccessTokens): Authorize {
  return async () => ({ authorization: `Bearer ${await tokens()}` });
}

/** The call that needs the token has not been sent yet. */
function tokenError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const status = httpStatusIn(error);
  const isRefused =
    status !== undefined && status >= 400 && status < 500 && !TRANSIENT_STATUSES.has(status);
  const message = `Vertex AI, access token: ${messageOf(error)}`;
  const code = isRefused ? 'credential_refused' : 'token_unavailable';
  // Without its cause, which contains the request.
  return new ProviderError(isRefused ? 'account' : 'transient', shortReason(code, message));
}

const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 429]);

/** The library's errors have the status in several places. */
function httpStatusIn(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('status' in error && typeof error.status === 'number') return error.status;
  return 'response' in error ? httpStatusIn(error.response) : undefined;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
