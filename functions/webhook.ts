import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import { dynamodbClient } from '../shared/aws/clients/dynamodb.ts';
import { secretsManagerClient } from '../shared/aws/clients/secretsManager.ts';
import { realWebhookRegister } from '../shared/aws/onceRecords.ts';
import { realSecrets } from '../shared/aws/secrets.ts';
import { messageOf } from '../shared/batch/errors.ts';
import type { Clock } from '../shared/batch/ports.ts';
import { ENVIRONMENT, SECRET_PLACEHOLDER } from '../shared/config.ts';
import { verifyOpenAiWebhook } from '../shared/providers/openai/webhook.ts';
import {
  type Received,
  receiveWebhook,
  type WebhookRequest,
  type Webhooks,
} from '../shared/usecases/webhook.ts';
import { dependencies } from './compose.ts';
import { readConfig } from './config.ts';
import { flushMetrics, logger } from './observability.ts';

/** What cannot become better is answered so that it does not come again, as far as that can be had. */
const STATUS: Readonly<Record<Received, number>> = {
  taken: 200,
  unknownEntry: 404,
  unfilled: 503,
  unsigned: 401,
  unreadable: 400,
};

let webhooks: Webhooks | undefined;

/** Takes webhooks of providers, at a URL that anybody may call. */
export async function handler(
  event: LambdaFunctionURLEvent,
  context: Context,
): Promise<{ statusCode: number }> {
  logger.addContext(context);
  const request = readRequest(event);
  if ('statusCode' in request) return request;
  try {
    const everything = dependencies();
    webhooks ??= webhookPorts(everything.clock);
    const { entry, webhook } = request;
    const received = await receiveWebhook({ ...everything, webhooks }, entry, webhook);
    return { statusCode: STATUS[received] };
  } catch (error) {
    logger.error('a webhook could not be taken: it may come again', { error: messageOf(error) });
    return { statusCode: 503 };
  } finally {
    flushMetrics();
  }
}

/** The event of a job that has ended holds little more than its id. */
const MAX_BODY_BYTES = 16 * 1024;

/** The path names the provider's entry. */
const ENTRY_PATH = /^\/([A-Za-z][A-Za-z0-9-]{0,31})\/?$/;

/** What came over HTTP: a webhook for an entry, or the status that it is turned away with. */
export type HttpRequest =
  | { readonly entry: string; readonly webhook: WebhookRequest }
  | { readonly statusCode: 404 | 405 | 413 };

export function readRequest(event: LambdaFunctionURLEvent): HttpRequest {
  const { rawPath, headers, body = '', isBase64Encoded, requestContext } = event;
  if (requestContext.http.method !== 'POST') return { statusCode: 405 };
  const entry = ENTRY_PATH.exec(rawPath)?.[1];
  if (entry === undefined) return { statusCode: 404 };
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) return { statusCode: 413 };
  return { entry, webhook: { headers, body: bytes.toString('utf8') } };
}

export function webhookPorts(clock: Clock): Webhooks {
  const { variables } = readConfig(process.env);
  const arns = variables[ENVIRONMENT.webhookSecrets];
  const secrets = realSecrets(secretsManagerClient(), clock);
  return {
    async secretOf(entry) {
      const arn = Object.hasOwn(arns, entry) ? arns[entry] : undefined;
      if (arn === undefined) return undefined;
      // What is pasted, or comes from a file, often ends in a line end.
      const secret = (await secrets.get(arn))?.trim() ?? '';
      return secret === SECRET_PLACEHOLDER ? '' : secret;
    },
    verify: verifyOpenAiWebhook,
    register: realWebhookRegister(dynamodbClient(), variables[ENVIRONMENT.table]),
  };
}
