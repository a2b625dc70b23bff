import OpenAI from 'openai';
import * as z from 'zod';
import { WebhookRefusedError } from '../../batch/errors.ts';
import type { Webhook, WebhookRequest } from '../../batch/webhook.ts';
import { readClient } from './api.ts';

/** Dots part what is signed, so that an id with one could be read in two ways. */
const idSchema = z.string().regex(/^[^.\s]{1,200}$/);

const eventSchema = z.object({ type: z.string(), data: z.unknown() });
const jobSchema = z.object({ id: z.string().min(1).max(200) });

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
 * @throws WebhookRefusedError for one that is not signed so, or is and makes no sense
 */
export async function verifyOpenAiWebhook(
  { headers, body }: WebhookRequest,
  secret: string,
): Promise<Webhook> {
  const id = idSchema.safeParse(headers['webhook-id']);
  if (!id.success) throw new WebhookRefusedError('invalidSignature', 'it has no usable webhook-id');
  // No call is made: the client needs a key only to exist.
  const { webhooks } = readClient({ apiKey: 'none' });
  let event: unknown;
  try {
    event = await webhooks.unwrap(body, { ...headers }, secret);
  } catch (error) {
    throw refusalOf(error);
  }
  return { id: id.data, jobId: jobIdOf(event) };
}

function refusalOf(error: unknown): WebhookRefusedError {
  // It is read only once its signature is known to be right. The message would quote the body.
  if (error instanceof SyntaxError)
    return new WebhookRefusedError('unreadable', 'it is signed, and is no JSON');
  const isMismatch = error instanceof OpenAI.InvalidWebhookSignatureError;
  const message = isMismatch ? error.message : 'it lacks a signature or a time';
  return new WebhookRefusedError('invalidSignature', message);
}

function jobIdOf(value: unknown): string | undefined {
  const event = eventSchema.safeParse(value);
  if (!event.success) throw new WebhookRefusedError('unreadable', 'it is signed, and is no event');
  if (!JOB_ENDED.has(event.data.type)) return undefined;
  const job = jobSchema.safeParse(event.data.data);
  if (!job.success) throw new WebhookRefusedError('unreadable', 'it is signed, and names no job');
  return job.data.id;
}
