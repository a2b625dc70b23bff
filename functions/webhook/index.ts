import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import { messageOf } from '../../shared/batch/errors.ts';
import type { Webhooks } from '../../shared/batch/webhookPorts.ts';
import { type Received, receiveWebhook } from '../../shared/usecases/receiveWebhook.ts';
import { dependencies } from '../dependencies.ts';
import { flushMetrics, logger } from '../observability.ts';
import { webhookPorts } from './ports.ts';
import { readRequest } from './request.ts';

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
