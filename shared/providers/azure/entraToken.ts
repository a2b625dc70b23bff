import * as z from 'zod';
import { ProviderError, shortReason } from '../../batch/errors.ts';
import { tryParseJson } from '../../jsonl/rows.ts';

/** An application with a role at the resource. */
export interface Application {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export const ENTRA_URL = 'https://login.microsoftonline.com';
// https://learn.microsoft.com/azure/foundry/openai/how-to/managed-identity
const SCOPE = 'https://cognitiveservices.azure.com/.default';
const TOKEN_TIMEOUT_MS = 10_000;
/** A token is replaced this long before it expires: longer than any call may wait to be sent. */
const EXPIRY_MARGIN_MS = 5 * 60_000;

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const tokenRefusalSchema = z.object({
  error: z.string(),
  error_description: z.string().optional(),
});

/**
 * Returns a function that gives a token of the application, and keeps it until shortly before it
 * expires. One POST fetches a token:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 *
 * That function throws ProviderError `account` if Entra ID refuses the application, else `transient`.
 *
 * @param url base URL of Entra ID
 * @param now milliseconds since 1970
 */
export function entraTokens(
  application: Application,
  url: string,
  now: () => number = Date.now,
): () => Promise<string> {
  let kept: { readonly token: string; readonly until: number } | undefined;
  let request: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    const requestedAt = now();
    const { access_token: token, expires_in: seconds } = await requestToken(application, url);
    kept = { token, until: requestedAt + seconds * 1000 - EXPIRY_MARGIN_MS };
    return token;
  }

  return async () => {
    if (kept && now() < kept.until) return kept.token;
    // Concurrent calls wait for the same token.
    request ??= fetchToken().finally(() => {
      request = undefined;
    });
    return request;
  };
}

async function requestToken({ tenantId, clientId, clientSecret }: Application, url: string) {
  const answer = await postForm(`${url}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: SCOPE,
  });
  const token = tokenSchema.safeParse(answer.json);
  if (answer.status === 200 && token.success) return token.data;
  const refused = tokenRefusalSchema.safeParse(answer.json);
  // No retry helps against 400, 401 and 403 with a reason, such as invalid_client.
  const isRefused = refused.success && answer.status >= 400 && answer.status < 429;
  throw tokenError(
    isRefused ? 'account' : 'transient',
    refused.data?.error ?? `http_${answer.status}`,
    refused.data?.error_description ?? `answered with status ${answer.status}`,
  );
}

async function postForm(url: string, fields: Record<string, string>) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      // Another host must not receive the secret.
      redirect: 'manual',
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, json: tryParseJson(text) };
  } catch {
    throw tokenError(
      'transient',
      'token_unreachable',
      `did not answer within ${TOKEN_TIMEOUT_MS} ms`,
    );
  }
}

function tokenError(kind: 'account' | 'transient', code: string, text: string): ProviderError {
  return new ProviderError(kind, shortReason(code, `Entra ID, token: ${text}`));
}
