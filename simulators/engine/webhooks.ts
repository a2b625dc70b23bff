import * as z from 'zod';

/** What becomes of a webhook: see the simulator of its provider for `forged` and `late`. */
const webhookOutcomeSchema = z.enum(['sent', 'lost', 'duplicate', 'forged', 'late']);
export type WebhookOutcome = z.output<typeof webhookOutcomeSchema>;

export const webhookPlanOption = {
  /** The outcomes of the webhooks of each batch that ends, in order. The last one repeats. */
  webhookPlan: z.array(webhookOutcomeSchema).min(1).default(['sent']),
};

/** How many times a webhook is sent. */
const TIMES: Readonly<Record<WebhookOutcome, number>> = {
  sent: 1,
  forged: 1,
  late: 1,
  duplicate: 2,
  lost: 0,
};
const TIMEOUT_MS = 10_000;

/** @returns the status of each reply. 0 if there was no reply, or nothing was sent */
export async function postWebhook(
  outcome: WebhookOutcome,
  url: string,
  content: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<number[]> {
  if (TIMES[outcome] === 0) return [0];
  const statuses: number[] = [];
  while (statuses.length < TIMES[outcome]) {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const status = await fetch(url, { method: 'POST', ...content, signal }).then(
      (response) => response.status,
      () => 0,
    );
    statuses.push(status);
  }
  return statuses;
}
