import { createHmac, timingSafeEqual } from 'node:crypto';
import { ProviderError, WebhookRefusedError } from '../../batch/errors.ts';
import type { Webhook, WebhookRequest } from '../../batch/webhook.ts';
import type { JobContext, WebhookTarget } from '../provider.ts';

/** What the URL of a job's webhook names, under our signature. */
interface SignedJob extends Pick<JobContext, 'batchId' | 'key'> {
  readonly entry: string;
}

/**
 * The part of a create call that has the API report the end of the job, by `batch.succeeded`,
 * `batch.failed`, `batch.expired` or `batch.cancelled`.
 * https://ai.google.dev/gemini-api/docs/webhooks#dynamic-webhooks, and `WebhookConfig` of
 * @google/genai 3.1.0: these `uris` take the place of the webhooks that the project has registered.
 *
 * A webhook is a hint. A job without one is found by the sweep, so a missing secret refuses nothing.
 */
export async function webhookConfigOf(
  target: WebhookTarget | undefined,
  job: SignedJob,
): Promise<{ readonly uris: readonly string[] } | undefined> {
  const secret = await target?.secret();
  return target && secret ? { uris: [jobUrlOf(target.url, job, secret)] } : undefined;
}

function jobUrlOf(entryUrl: string, job: SignedJob, secret: string): string {
  const url = new URL(entryUrl);
  const { batchId, key } = job;
  url.search = new URLSearchParams({
    batch: batchId,
    key,
    signature: signatureOf(job, secret).toString('base64url'),
  }).toString();
  return url.href;
}

function signatureOf({ entry, batchId, key }: SignedJob, secret: string): Buffer {
  // As JSON, because a name that contains a separator could be read in two ways.
  const text = JSON.stringify([entry, batchId, key]);
  return createHmac('sha256', secret).update(text).digest();
}

/**
 * Verifies that the URL of a webhook is one that was signed for a job of its entry. The body is not
 * read: https://ai.google.dev/gemini-api/docs/webhooks does not say that its `data.id` is the job's
 * name, and nothing else in it would decide anything. Google's own signature, a JWT by keys that
 * would have to be fetched, would prove no more than our own: who knows the URL may only have this
 * one job checked.
 *
 * @throws WebhookRefusedError if the signature is missing or of another entry, batch, key or secret
 */
export async function verifyGeminiWebhook(
  { entry, query }: WebhookRequest,
  secret: string,
): Promise<Webhook> {
  const { batch: batchId = '', key = '', signature = '' } = query;
  const given = Buffer.from(signature, 'base64url');
  const expected = signatureOf({ entry, batchId, key }, secret);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new WebhookRefusedError('invalidSignature', 'its URL has no valid signature');
  // A job ends once, so its key is the id: the URL has an effect once, however often it is called.
  return { id: key, job: { batchId, submissionKey: key } };
}

const SIGNATURE = /\b(signature=)[\w-]+/g;

/** Google's refusal may quote the URL, and its signature must not reach a log or a record. */
export function withoutSignature(refused: ProviderError): ProviderError {
  const { kind, reason } = refused;
  const message = reason.message.replaceAll(SIGNATURE, '$1…');
  if (message === reason.message) return refused;
  return new ProviderError(kind, { ...reason, message });
}
