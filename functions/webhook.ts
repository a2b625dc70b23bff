import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import { realWebhookRegister } from '../shared/aws/onceRecords.ts';
import { messageOf } from '../shared/batch/errors.ts';
import type { WebhookRequest, Webhooks } from '../shared/batch/webhook.ts';
import { verifyOpenAiWebhook } from '../shared/providers/openai/webhook.ts';
import { SECRET_PLACEHOLDER } from '../shared/providers/settings.ts';
import { receiveWebhook, type WebhookResult } from '../shared/usecases/webhook.ts';
import { type Composition, composed } from './compose.ts';
import { log, observed } from './observability.ts';

/** Only what may succeed later gets a 5xx: a sender that heeds the status repeats nothing in vain. */
const STATUS: Readonly<Record<WebhookResult, number>> = {
  accepted: 200,
  unknownEntry: 404,
  secretMissing: 503,
  invalidSignature: 401,
  unreadable: 400,
};

/** Receives webhooks of providers at a URL that anybody may call. */
export function handler(
  event: LambdaFunctionURLEvent,
  context: Context,
): Promise<{ statusCode: number }> {
  return observed(context, async () => {
    try {
      const request = readRequest(event);
      return { statusCode: typeof request === 'number' ? request : await receive(request) };
    } catch (error) {
      log.error('webhook failed; the sender may repeat it', { error: messageOf(error) });
      return { statusCode: 503 };
    }
  });
}

interface EntryWebhook {
  readonly entry: string;
  readonly webhook: WebhookRequest;
}

/** The event of a job that has ended holds little more than its id. */
const MAX_BODY_BYTES = 16 * 1024;

/** The path names the provider's entry. */
const ENTRY_PATH = /^\/([A-Za-z][A-Za-z0-9-]{0,31})\/?$/;

/** @returns the webhook, or the HTTP status that refuses a request that cannot be one */
function readRequest(event: LambdaFunctionURLEvent): EntryWebhook | 404 | 405 | 413 {
  const { rawPath, headers, body = '', isBase64Encoded, requestContext } = event;
  if (requestContext.http.method !== 'POST') return 405;
  const entry = ENTRY_PATH.exec(rawPath)?.[1];
  if (entry === undefined) return 404;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) return 413;
  return { entry, webhook: { headers, body: bytes.toString('utf8') } };
}

let webhooks: Webhooks | undefined;

async function receive({ entry, webhook }: EntryWebhook): Promise<number> {
  const composition = composed();
  webhooks ??= webhookPorts(composition);
  return STATUS[await receiveWebhook({ ...composition.dependencies, webhooks }, entry, webhook)];
}

function webhookPorts({ config, dynamodb, secrets }: Composition): Webhooks {
  const { webhookSecretArns, tableName } = config;
  return {
    async secretOf(entry) {
      const arn = Object.hasOwn(webhookSecretArns, entry) ? webhookSecretArns[entry] : undefined;
      if (arn === undefined) return undefined;
      // A secret that was pasted or read from a file often ends in a line end.
      const secret = (await secrets.get(arn))?.trim() ?? '';
      return secret === SECRET_PLACEHOLDER ? '' : secret;
    },
    verify: verifyOpenAiWebhook,
    register: realWebhookRegister(dynamodb, tableName),
  };
}
