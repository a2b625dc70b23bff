import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import { messageOf } from '../shared/batch/errors.ts';
import type { WebhookRequest, Webhooks } from '../shared/batch/webhook.ts';
import { verifyGeminiWebhook } from '../shared/providers/gemini/webhook.ts';
import { kindOf } from '../shared/providers/kinds.ts';
import { verifyOpenAiWebhook } from '../shared/providers/openai/webhook.ts';
import { receiveWebhook, type WebhookResult } from '../shared/usecases/webhook.ts';
import {
  type Compose,
  type Composition,
  composition,
  logOf,
  readSigningSecret,
} from './compose.ts';
import { observed } from './observability.ts';

/** Only what may succeed later gets a 5xx: a sender that heeds the status repeats nothing in vain. */
const STATUS: Readonly<Record<WebhookResult, number>> = {
  accepted: 200,
  unknownEntry: 404,
  secretMissing: 503,
  invalidSignature: 401,
  unreadable: 400,
};

/** Receives webhooks of providers at a URL that anybody may call. */
export function createWebhook(compose: Compose) {
  return (event: LambdaFunctionURLEvent, context: Context): Promise<{ statusCode: number }> =>
    observed(context, async () => {
      try {
        const request = readRequest(event);
        if (typeof request === 'number') return { statusCode: request };
        return { statusCode: await receive(compose(), request) };
      } catch (error) {
        logOf(compose).error('webhook failed; the sender may repeat it', {
          error: messageOf(error),
        });
        return { statusCode: 503 };
      }
    });
}

export const handler = createWebhook(composition());

/** The event of a job that has ended holds little more than its id. */
const MAX_BODY_BYTES = 16 * 1024;

/** The path names the provider's entry. */
const ENTRY_PATH = /^\/([A-Za-z][A-Za-z0-9-]{0,31})\/?$/;

/** @returns the webhook, or the HTTP status that refuses a request that cannot be one */
function readRequest(event: LambdaFunctionURLEvent): WebhookRequest | 404 | 405 | 413 {
  const { rawPath, headers, body = '', isBase64Encoded, requestContext } = event;
  const { queryStringParameters: query = {} } = event;
  if (requestContext.http.method !== 'POST') return 405;
  const entry = ENTRY_PATH.exec(rawPath)?.[1];
  if (entry === undefined) return 404;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) return 413;
  return { entry, query, headers, body: bytes.toString('utf8') };
}

async function receive(composed: Composition, request: WebhookRequest): Promise<number> {
  const webhooks = webhookPorts(composed);
  return STATUS[await receiveWebhook({ ...composed.dependencies, webhooks }, request)];
}

function webhookPorts({ config, webhookRegister, secrets }: Composition): Webhooks {
  const { webhookSecretArns, settings } = config;
  return {
    secretOf: (entry) => readSigningSecret(secrets, webhookSecretArns, entry),
    async verify(request, secret) {
      const entry = settings.providers[request.entry];
      const isPerJob = entry && kindOf(entry).webhooks === 'perJob';
      return (isPerJob ? verifyGeminiWebhook : verifyOpenAiWebhook)(request, secret);
    },
    register: (entry, id, now) => webhookRegister.register(entry, id, now),
  };
}
