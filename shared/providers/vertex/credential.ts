import { createPrivateKey } from 'node:crypto';
import { type AuthClient, AwsClient, JWT } from 'google-auth-library';
import * as z from 'zod';
import { messageOf, ProviderError, shortReason } from '../../batch/errors.ts';
import type { Authorize } from '../google/rest.ts';
import type { ProviderEntry } from '../provider.ts';
import type { VertexSettings } from './description.ts';

/** Everything that jobs, Storage and BigQuery need; roles say what of it the account may do. */
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** A service account's key as the console hands it out. */
const keySchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
});

type Entry = Pick<ProviderEntry<VertexSettings>, 'entry' | 'settings' | 'baseUrl' | 'secret'>;

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
  { audience, serviceAccount }: NonNullable<VertexSettings['workloadIdentity']>,
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

/** Gives a valid access token. Throws ProviderError `account` or `transient`. */
export type Tokens = () => Promise<string>;

/** The library repeats what may pass, and has no deadline of its own. */
const DEADLINE_MS = 60_000;

/** Access tokens of a client, which keeps each until shortly before its end. */
export function tokensOf(client: Pick<AuthClient, 'getAccessToken'>): Tokens {
  return async () => {
    try {
      const { token } = await within(DEADLINE_MS, client.getAccessToken());
      if (token) return token;
    } catch (error) {
      throw refusedToken(error);
    }
    throw refusedToken(new Error('the answer holds no token'));
  };
}

/** How calls bear these tokens. */
export function bearing(tokens: Tokens): Authorize {
  return async () => ({ authorization: `Bearer ${await tokens()}` });
}

/** Nothing of ours was sent yet, whatever call the token was for. */
function refusedToken(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const status = statusOf(error);
  const isRefused = status !== undefined && status >= 400 && status < 500 && !PASSING.has(status);
  const message = `Vertex AI, access token: ${messageOf(error)}`;
  const code = isRefused ? 'credential_refused' : 'token_unavailable';
  // Without its cause, which holds what was sent.
  return new ProviderError(isRefused ? 'account' : 'transient', shortReason(code, message));
}

const PASSING: ReadonlySet<number> = new Set([408, 429]);

/** Of the library's errors, which keep it in several places. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('status' in error && typeof error.status === 'number') return error.status;
  return 'response' in error ? statusOf(error.response) : undefined;
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
