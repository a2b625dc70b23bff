import { messageOf, WebhookRefusedError } from '../batch/errors.ts';
import type { ReportedJob, Webhook, WebhookRequest, Webhooks } from '../batch/webhook.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from './dependencies.ts';
import { type CheckPorts, checkJob } from './sweep/check.ts';

type WebhookPorts = CheckPorts &
  Pick<Dependencies, 'clock' | 'log' | 'metrics'> & { readonly webhooks: Webhooks };

/** Result of handling a webhook. */
export type WebhookResult =
  /** The sender need not repeat it: its job was checked, or it asks for nothing. */
  | 'accepted'
  /** The entry receives no webhooks, or does not exist. */
  | 'unknownEntry'
  /** The signature cannot be verified before somebody fills in the signing secret. */
  | 'secretMissing'
  | WebhookRefusedError['why'];

/**
 * Checks the job that a provider's webhook names. Anybody may call the URL: before the signature
 * is verified this reads nothing but the secret, writes nothing, and never logs the content.
 *
 * @throws Error if the webhook could not be registered; the sender should repeat it
 */
export async function receiveWebhook(
  ports: WebhookPorts,
  request: WebhookRequest,
): Promise<WebhookResult> {
  const { webhooks, clock, log } = ports;
  const { entry } = request;
  const secret = await webhooks.secretOf(entry);
  if (secret === undefined) return 'unknownEntry';
  if (secret === '') {
    log.error(
      'webhook refused; fill in the signing secret of its entry (aws secretsmanager put-secret-value)',
      { provider: entry },
    );
    return 'secretMissing';
  }
  const webhook = await verified(ports, request, secret);
  if (webhook instanceof WebhookRefusedError) return webhook.why;
  const { id: webhookId, job } = webhook;
  if (job === undefined) {
    log.info('webhook ignored; it does not report the end of a job', {
      provider: entry,
      webhookId,
    });
  } else if (await webhooks.register(entry, webhookId, clock.now())) {
    await checkNow(ports, { provider: entry, webhookId, ...job });
  } else {
    log.info('webhook ignored; it was received before', { provider: entry, webhookId });
  }
  return 'accepted';
}

async function verified(
  { webhooks, log, metrics }: Pick<WebhookPorts, 'webhooks' | 'log' | 'metrics'>,
  request: WebhookRequest,
  secret: string,
): Promise<Webhook | WebhookRefusedError> {
  try {
    return await webhooks.verify(request, secret);
  } catch (error) {
    if (!(error instanceof WebhookRefusedError)) throw error;
    log.warn('webhook refused', { provider: request.entry, why: error.message });
    metrics.count(METRICS.webhooksRefused, 1, request.entry);
    return error;
  }
}

/**
 * A failed check is not reported to the sender: the webhook is registered, so a repetition would
 * be ignored, and the next sweep checks the job anyway.
 */
async function checkNow(
  ports: WebhookPorts,
  subject: { readonly provider: string; readonly webhookId: string } & ReportedJob,
): Promise<void> {
  try {
    await checkJob(ports, subject);
  } catch (error) {
    ports.log.warn('early job check failed; the next sweep will check it', {
      ...subject,
      error: messageOf(error),
    });
  }
}
