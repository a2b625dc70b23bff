import { describe, expect, test } from 'vitest';
import { entraTokens } from '../../../../shared/providers/azure/entraToken.ts';
import { sendJson, startStubServer } from '../stubServer.ts';

const APPLICATION = { tenantId: 'my-tenant', clientId: 'my-client', clientSecret: 'my secret&' };

/** Tokens that last an hour, numbered. */
const issue = () => {
  let number = 0;
  return startStubServer((_request, response) => {
    number += 1;
    sendJson(response, { token_type: 'Bearer', expires_in: 3599, access_token: `token-${number}` });
  });
};

describe('entraTokens', () => {
  test('sends a client-credentials grant', async () => {
    const { url, requests } = await issue();

    expect(await entraTokens(APPLICATION, url)()).toBe('token-1');

    expect(requests[0]).toMatchObject({ method: 'POST', path: '/my-tenant/oauth2/v2.0/token' });
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'my-client',
      client_secret: 'my secret&',
      scope: 'https://cognitiveservices.azure.com/.default',
    });
  });

  test('keeps a token until shortly before it expires', async () => {
    const { url, requests } = await issue();
    let now = 0;
    const token = entraTokens(APPLICATION, url, () => now);

    await token();
    now = (3599 - 301) * 1000;
    expect(await token()).toBe('token-1');
    now = (3599 - 299) * 1000;
    expect(await token()).toBe('token-2');
    expect(requests).toHaveLength(2);
  });

  test('fetches one token for concurrent calls', async () => {
    const { url, requests } = await issue();
    const token = entraTokens(APPLICATION, url);

    expect(await Promise.all([token(), token()])).toEqual(['token-1', 'token-1']);

    expect(requests).toHaveLength(1);
  });

  test.each([
    [401, { error: 'invalid_client', error_description: 'AADSTS7000215' }, 'account'],
    [400, { error: 'unauthorized_client' }, 'account'],
    [429, { error: 'temporarily_unavailable' }, 'transient'],
    [503, { error: 'temporarily_unavailable' }, 'transient'],
    [400, '<html>', 'transient'],
    [200, { token_type: 'Bearer' }, 'transient'],
  ])(
    'status %i with %j is not cached, and does not quote the secret',
    async (status, body, kind) => {
      let isFirst = true;
      const { url } = await startStubServer((_request, response) => {
        if (isFirst) sendJson(response, body, status);
        else sendJson(response, { access_token: 'good', expires_in: 3599 });
        isFirst = false;
      });
      const token = entraTokens(APPLICATION, url);

      const refusal = await token().catch((error: unknown) => error);

      expect(refusal).toMatchObject({ name: 'ProviderError', kind });
      expect(String(refusal)).not.toContain('my secret');
      expect(await token()).toBe('good');
    },
  );

  test('an Entra ID that does not answer is transient', async () => {
    const token = entraTokens(APPLICATION, 'http://127.0.0.1:1');
    await expect(token()).rejects.toMatchObject({
      kind: 'transient',
      reason: { code: 'token_unreachable' },
    });
  });
});
