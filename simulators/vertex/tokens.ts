import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { parseJson, type Route, readJson, route } from '../engine/router.ts';
import { ApiError, invalid, OAuthError } from './errors.ts';

const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const AWS_TOKEN = 'urn:ietf:params:aws:token-type:aws4_request';

/** A signed call of GetCallerIdentity, with which Google asks AWS who the caller is. */
const callerSchema = z.object({
  url: z.string().regex(/^https:\/\/sts\.[\w.-]+\.amazonaws\.com\/?\?Action=GetCallerIdentity/),
  method: z.literal('POST'),
  headers: z.array(z.object({ key: z.string(), value: z.string() })),
});

/** Calls for access tokens: for a service account's key, for an AWS role, and for impersonation. */
export function tokenRoutes(accounts: readonly string[] | undefined, now: () => number): Route[] {
  return [
    route('POST', '/token', async ({ request }) => {
      const form = new URLSearchParams(await text(request));
      if (request.url?.startsWith('/v1/')) return { status: 200, json: exchange(form, now()) };
      if (form.get('grant_type') !== JWT_GRANT)
        throw new OAuthError('unsupported_grant_type', 'Invalid grant_type');
      const account = parseAssertion(form.get('assertion') ?? '', now());
      if (accounts && !accounts.includes(account))
        throw new OAuthError('invalid_grant', 'Invalid grant: account not found');
      return { status: 200, json: { ...newToken(now()), token_type: 'Bearer' } };
    }),
    {
      method: 'POST',
      pattern: /^\/v1\/projects\/-\/serviceAccounts\/(?<account>[^/:]+):generateAccessToken$/,
      handle: async ({ request }) => {
        await readJson(request, invalid);
        const { access_token: accessToken, expires_in: seconds } = newToken(now());
        const expireTime = new Date(now() + seconds * 1000).toISOString();
        return { status: 200, json: { accessToken, expireTime } };
      },
    },
  ];
}

/** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
function exchange(form: URLSearchParams, now: number): object {
  const isExpected =
    form.get('grant_type') === EXCHANGE_GRANT && form.get('subject_token_type') === AWS_TOKEN;
  if (!isExpected) throw new OAuthError('invalid_request', 'Invalid grant or token type');
  const caller = callerSchema.safeParse(
    parseJson(decodeURIComponent(form.get('subject_token') ?? '')),
  );
  const header = (name: string) =>
    caller.data?.headers.find(({ key }) => key.toLowerCase() === name)?.value;
  if (!header('authorization')?.startsWith('AWS4-HMAC-SHA256 '))
    throw new OAuthError('invalid_grant', 'The subject token is no signed GetCallerIdentity call');
  if (header('x-goog-cloud-target-resource') !== form.get('audience'))
    throw new OAuthError('invalid_grant', 'The subject token is meant for another audience');
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
  return { ...newToken(now), token_type: 'Bearer', issued_token_type };
}

const headerSchema = z.object({ alg: z.literal('RS256') });
const claimsSchema = z.object({
  iss: z.string().min(1),
  scope: z.string().min(1),
  aud: z.literal('https://oauth2.googleapis.com/token'),
  iat: z.number(),
  /** Seconds since 1970. */
  exp: z.number(),
});

/**
 * The account that a signed request for a token names. Its signature is not checked.
 *
 * @throws OAuthError for a request that Google would refuse
 */
function parseAssertion(assertion: string, now: number): string {
  const [header, claims, signature] = assertion.split('.');
  const parsed = claimsSchema.safeParse(decodeJson(claims));
  if (!headerSchema.safeParse(decodeJson(header)).success || !parsed.success || !signature)
    throw new OAuthError('invalid_grant', 'Invalid JWT: it is malformed');
  if (parsed.data.exp * 1000 <= now)
    throw new OAuthError('invalid_grant', 'Invalid JWT: token must be a short-lived token');
  return parsed.data.iss;
}

function decodeJson(part: string | undefined): unknown {
  return parseJson(Buffer.from(part ?? '', 'base64url').toString());
}

const LIFE_SECONDS = 3_600;
const TOKEN = /^Bearer ya29\.simulator-(\d+)$/;

/** A token contains its expiry, so that it is still known after a restart. */
function newToken(now: number): { access_token: string; expires_in: number } {
  const expiresAt = now + LIFE_SECONDS * 1000;
  return { access_token: `ya29.simulator-${expiresAt}`, expires_in: LIFE_SECONDS };
}

/** The paths that issue tokens and therefore need none. */
const OPEN_PATH = /^\/(token|v1\/token)$/;

/** Checks the access token of a call. */
export function authorizer(now: () => number) {
  return ({ url = '', headers }: IncomingMessage): void => {
    if (OPEN_PATH.test(url)) return;
    const expiresAt = TOKEN.exec(headers.authorization ?? '')?.[1];
    if (expiresAt !== undefined && Number(expiresAt) > now()) return;
    const message =
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.';
    throw new ApiError(401, message);
  };
}

const KEY_BITS = 2048;

/** A new service account key that the simulator accepts and Google does not. */
export function localServiceAccountKey(email = 'local@local-project.iam.gserviceaccount.com') {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: KEY_BITS });
  return JSON.stringify({
    type: 'service_account',
    project_id: 'local-project',
    client_email: email,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });
}
