import * as z from 'zod';
import { OAuthError } from './errors.ts';

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
 * @throws OAuthError for one that Google would not take
 */
export function parseAssertion(assertion: string, now: number): string {
  const [header, claims, signature] = assertion.split('.');
  const parsed = claimsSchema.safeParse(decode(claims));
  if (!headerSchema.safeParse(decode(header)).success || !parsed.success || !signature)
    throw new OAuthError('invalid_grant', 'Invalid JWT: it is malformed');
  if (parsed.data.exp * 1000 <= now)
    throw new OAuthError('invalid_grant', 'Invalid JWT: token must be a short-lived token');
  return parsed.data.iss;
}

function decode(part: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}
