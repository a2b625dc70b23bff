import { messageOf, WebhookRefusedError } from '../batch/errors.ts';
import { METRICS } from '../metrics.ts';
import type { Dependencies } from './dependencies.ts';
import { checkJob } from './sweep/check.ts';

/** What became of a webhook. */
export type Received =
  /** Its job was asked about, or there is nothing to do: it need not come again. */
  | 'taken'
  /** The entry takes no webhooks, or there is no such entry. */
  | 'unknownEntry'
  /** Nothing can be told of it until somebody fills in the signing secret. */
  | 'unfilled'
  | WebhookRefusedError['why'];

/**
 * Takes in what claims to be a provider's word that a job has ended. Until its signature has been
 * verified, nothing is read or written but the secret, and nothing of it is logged, ever.
 *
 * @throws Error if it could not be noted as come: then it may come again
 */
export async function receiveWebhook(
  dependencies: Dependencies & { readonly webhooks: Webhooks },
  entry: string,
  request: WebhookRequest,
): Promise<Received> {
  const { webhooks, clock, log } = dependencies;
  const secret = await webhooks.secretOf(entry);
  if (secret === undefined) return 'unknownEntry';
  if (secret === '') {
    log.error(
      'a webhook was turned away: the signing secret of its entry is not filled in (aws secretsmanager put-secret-value)',
      { provider: entry },
    );
    return 'unfilled';
  }
  const webhook = await verified(dependencies, entry, request, secret);
  if (webhook instanceof WebhookRefusedError) return webhook.why;
  const { id, jobId } = webhook;
  if (jobId === undefined) {
    log.info('a webhook that tells of no job was left alone', { provider: entry, webhookId: id });
  } else if (await webhooks.register(entry, id, clock.now())) {
    await checkNow(dependencies, entry, id, jobId);
  } else {
    log.info('a webhook that has come before was left alone', { provider: entry, webhookId: id });
  }
  return 'taken';
}

async function verified(
  { webhooks, log, metrics }: Dependencies & { readonly webhooks: Webhooks },
  entry: string,
  request: WebhookRequest,
  secret: string,
): Promise<Webhook | WebhookRefusedError> {
  try {
    return await webhooks.verify(request, secret);
  } catch (error) {
    if (!(error instanceof WebhookRefusedError)) throw error;
    log.warn('a webhook was refused', { provider: entry, why: error.message });
    metrics.count(METRICS.webhooksRefused, 1, entry);
    return error;
  }
}

/** A failure is not told to the sender: it would send the same again, which has come before then. */
async function checkNow(
  dependencies: Dependencies,
  provider: string,
  webhookId: string,
  jobId: string,
): Promise<void> {
  try {
    await checkJob(dependencies, { provider, jobId });
  } catch (error) {
    const fields = { provider, webhookId, jobId, error: messageOf(error) };
    dependencies.log.warn('a job could not be checked early: the sweep sees to it', fields);
  }
}

/** A webhook as it came over HTTP: nothing of it is true yet. */
export interface WebhookRequest {
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** What a provider has signed. */
export interface Webhook {
  /** The same however often it is sent. */
  readonly id: string;
  /** The job that it says has ended; undefined if it tells of anything else. */
  readonly jobId: string | undefined;
}

/** What takes webhooks, beside what every function has. */
export interface Webhooks {
  /**
   * The signing secret of an entry, as it is now.
   *
   * @returns undefined for an entry that takes no webhooks, an empty text for a secret that is not
   *   filled in
   */
  secretOf(entry: string): Promise<string | undefined>;
  /** Throws WebhookRefusedError for one that the holder of the secret has not signed just now. */
  verify(request: WebhookRequest, secret: string): Promise<Webhook>;
  /** Notes that a webhook has come; false if it came before. */
  register(entry: string, id: string, now: number): Promise<boolean>;
}
