import OpenAI from 'openai';
import * as z from 'zod';
import { WebhookRefusedError } from '../../batch/errors.ts';
import type { Webhook, WebhookRequest } from '../../batch/webhook.ts';
import { readClient } from './api.ts';

/** The signed text is joined by dots, so an id with a dot could be read in two ways. */
const webhookIdSchema = z.string().regex(/^[^.\s]{1,200}$/);

const webhookEventSchema = z.object({ type: z.string(), data: z.unknown() });
const webhookJobSchema = z.object({ id: z.string().min(1).max(200) });

const JOB_ENDED = new Set([
  'batch.completed',
  'batch.failed',
  'batch.expired',
  'batch.cancelled',
] satisfies OpenAI.Webhooks.UnwrapWebhookEvent['type'][] as string[]);

/**
 * Verifies a webhook of OpenAI, by Standard Webhooks: the signature over its id, its time and its
 * body, and that the time is within five minutes of now.
 *
 * @throws WebhookRefusedError if the signature is invalid, or the signed content is unusable
 */
export async function verifyOpenAiWebhook(
  { headers, body }: WebhookRequest,
  secret: string,
): Promise<Webhook> {
  const id = webhookIdSchema.safeParse(headers['webhook-id']);
  if (!id.success) throw new WebhookRefusedError('invalidSignature', 'it has no usable webhook-id');
  // The client makes no call; it cannot be created without a key.
  const { webhooks } = readClient({ apiKey: 'none' });
  let event: unknown;
  try {
    event = await webhooks.unwrap(body, { ...headers }, secret);
  } catch (error) {
    throw webhookRefusalOf(error);
  }
  return { id: id.data, job: jobOf(event) };
}

function webhookRefusalOf(error: unknown): WebhookRefusedError {
  // The SDK parses the body after it has verified the signature. The message would quote the body.
  if (error instanceof SyntaxError)
    return new WebhookRefusedError('unreadable', 'it is signed, and is no JSON');
  const isMismatch = error instanceof OpenAI.InvalidWebhookSignatureError;
  const message = isMismatch ? error.message : 'it lacks a signature or a time';
  return new WebhookRefusedError('invalidSignature', message);
}

function jobOf(value: unknown): Webhook['job'] {
  const event = webhookEventSchema.safeParse(value);
  if (!event.success) throw new WebhookRefusedError('unreadable', 'it is signed, and is no event');
  if (!JOB_ENDED.has(event.data.type)) return undefined;
  const job = webhookJobSchema.safeParse(event.data.data);
  if (!job.success) throw new WebhookRefusedError('unreadable', 'it is signed, and names no job');
  return { jobId: job.data.id };
}
