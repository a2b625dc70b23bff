import * as z from 'zod';
import { ProviderError, shortReason } from '../../batch/errors.ts';

/** An application that may act at the resource. */
export interface Application {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export const ENTRA_URL = 'https://login.microsoftonline.com';
// https://learn.microsoft.com/azure/foundry/openai/how-to/managed-identity
const SCOPE = 'https://cognitiveservices.azure.com/.default';
const TIMEOUT_MS = 10_000;
/** A token is replaced so long before it expires: longer than any call may wait to be sent. */
const MARGIN_MS = 5 * 60_000;

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const refusalSchema = z.object({ error: z.string(), error_description: z.string().optional() });

/**
 * Gives a token of the application, a kept one while it lasts. One POST is all it takes:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 *
 * The result throws ProviderError `account` if Entra ID refuses the application, else `transient`.
 *
 * @param url where Entra ID is
 * @param now milliseconds since 1970
 */
export function entraTokens(
  application: Application,
  url: string,
  now: () => number = Date.now,
): () => Promise<string> {
  let kept: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const askedAt = now();
    const { access_token: token, expires_in: seconds } = await requestToken(application, url);
    kept = { token, until: askedAt + seconds * 1000 - MARGIN_MS };
    return token;
  }

  return async () => {
    if (kept && now() < kept.until) return kept.token;
    // Calls at the same time wait for the same token.
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

async function requestToken({ tenantId, clientId, clientSecret }: Application, url: string) {
  const answer = await post(`${url}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: SCOPE,
  });
  const token = tokenSchema.safeParse(answer.json);
  if (answer.status === 200 && token.success) return token.data;
  const refused = refusalSchema.safeParse(answer.json);
  // What no retry puts right, such as invalid_client: 400, 401 and 403 with a reason.
  const isRefused = refused.success && answer.status >= 400 && answer.status < 429;
  throw failure(
    isRefused ? 'account' : 'transient',
    refused.data?.error ?? `http_${answer.status}`,
    refused.data?.error_description ?? `answered with status ${answer.status}`,
  );
}

async function post(url: string, fields: Record<string, string>) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, json: parse(text) };
  } catch {
    throw failure('transient', 'token_unreachable', `did not answer within ${TIMEOUT_MS} ms`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(kind: 'account' | 'transient', code: string, text: string): ProviderError {
  return new ProviderError(kind, shortReason(code, `Entra ID, token: ${text}`));
}
