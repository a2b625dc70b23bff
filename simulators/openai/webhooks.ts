import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import * as z from 'zod';
import { EndWatch } from '../engine/background.ts';
import type { Jobs } from '../engine/jobs.ts';
import type { Journal } from '../engine/journal.ts';
import { outcomeAt } from '../engine/plan.ts';
import { postWebhook, type WebhookOutcome, webhookPlanOption } from '../engine/webhooks.ts';
import type { OpenAiBatch } from './jobs.ts';

const endpointSchema = z.strictObject({
  url: z.url(),
  /** Signs the webhooks of this endpoint. */
  secret: z.string().startsWith('whsec_'),
});
type WebhookEndpoint = z.output<typeof endpointSchema>;

export const webhookOptions = {
  /** The endpoints that get a webhook when a batch ends. Default: none. */
  webhooks: z.array(endpointSchema).default([]),
  ...webhookPlanOption,
};

interface WebhookSettings {
  readonly webhooks: readonly WebhookEndpoint[];
  readonly webhookPlan: readonly WebhookOutcome[];
  readonly journal: Journal;
  readonly now: () => number;
}

/**
 * Sends a webhook to each endpoint when a batch ends, as OpenAI does, by Standard Webhooks. One
 * that an endpoint does not accept is not sent again.
 */
export function sendWebhooks(
  jobs: Jobs<OpenAiBatch>,
  { webhooks, webhookPlan, journal, now }: WebhookSettings,
): EndWatch<OpenAiBatch> {
  return new EndWatch(jobs, async ({ id }, status, position) => {
    const body = JSON.stringify({
      object: 'event',
      id: `evt_${randomBytes(16).toString('hex')}`,
      type: `batch.${status}`,
      created_at: Math.floor(now() / 1000),
      data: { id },
    });
    const outcome = outcomeAt(webhookPlan, position);
    for (const endpoint of webhooks)
      for (const replied of await post(endpoint, outcome, body))
        journal.append({ event: 'webhook', jobId: id, outcome, status: replied });
  });
}

const FORGED_SECRET = 'whsec_Zm9yZ2Vk';
/** Older than the five minutes for which a signature is valid. */
const LATE_MS = 10 * 60_000;

function post(
  { url, secret }: WebhookEndpoint,
  outcome: WebhookOutcome,
  body: string,
): Promise<number[]> {
  // The real clock, because the receiver checks the time of the signature with its own.
  const headers = signed(body, outcome === 'forged' ? FORGED_SECRET : secret, {
    id: `wh_${randomBytes(16).toString('hex')}`,
    time: Date.now() - (outcome === 'late' ? LATE_MS : 0),
  });
  return postWebhook(outcome, url, { headers, body });
}

/** The headers of a webhook that the authors of Standard Webhooks sign, not the code under test. */
export function signed(
  body: string,
  secret: string,
  { id, time }: { readonly id: string; readonly time: number },
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(time / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(time), body),
  };
}
