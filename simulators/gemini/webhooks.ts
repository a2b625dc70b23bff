import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { EndWatch } from '../engine/background.ts';
import type { Jobs } from '../engine/jobs.ts';
import type { Journal } from '../engine/journal.ts';
import { outcomeAt } from '../engine/plan.ts';
import type { JobStatus } from '../engine/timeline.ts';
import { postWebhook, type WebhookOutcome } from '../engine/webhooks.ts';
import { type GeminiBatch, responsesFileOf } from './jobs.ts';

interface WebhookSettings {
  readonly webhookPlan: readonly WebhookOutcome[];
  readonly journal: Journal;
  readonly now: () => number;
}

/** https://ai.google.dev/gemini-api/docs/webhooks, "Event catalog reference" */
const EVENTS: Readonly<Partial<Record<JobStatus, string>>> = {
  completed: 'batch.succeeded',
  failed: 'batch.failed',
  expired: 'batch.expired',
  cancelled: 'batch.cancelled',
};

/** Time for a sweep to find the job before its webhook comes. */
const LATE_MS = 5_000;

/**
 * Calls the URIs that a batch was created with when it ends. The API repeats a webhook that is not
 * accepted for 24 hours; this does not.
 */
export function sendWebhooks(
  jobs: Jobs<GeminiBatch>,
  { webhookPlan, journal, now }: WebhookSettings,
): EndWatch<GeminiBatch> {
  return new EndWatch(jobs, async ({ id, webhookUris = [] }, status, position) => {
    const outcome = outcomeAt(webhookPlan, position);
    const body = JSON.stringify({
      type: EVENTS[status],
      version: 'v1',
      timestamp: new Date(now()).toISOString(),
      data: {
        // As in the example of the documentation: no name of a batch.
        id: `batch_${id}`,
        output_file_uri: status === 'completed' ? `files/${responsesFileOf(id)}` : undefined,
      },
    });
    if (outcome === 'late') await setTimeout(LATE_MS);
    for (const uri of webhookUris)
      for (const replied of await postWebhook(outcome, targetOf(uri, outcome), {
        headers: headersOf(now()),
        body,
      }))
        journal.append({ event: 'webhook', jobId: id, outcome, status: replied });
  });
}

/** A forger knows the URL of the endpoint, and none of a job. */
function targetOf(uri: string, outcome: WebhookOutcome): string {
  const url = new URL(uri);
  if (outcome !== 'forged') return uri;
  for (const name of url.searchParams.keys()) url.searchParams.set(name, 'forged');
  return url.href;
}

/** Without Google's signature, a JWT in `webhook-signature`, because it cannot be imitated. */
function headersOf(now: number): Record<string, string> {
  return {
    'content-type': 'application/json',
    'webhook-id': randomBytes(16).toString('hex'),
    'webhook-timestamp': String(Math.floor(now / 1000)),
  };
}
