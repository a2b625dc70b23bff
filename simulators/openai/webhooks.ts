import { createHmac, randomBytes } from 'node:crypto';
import { EndWatch } from '../engine/background.ts';
import { wordAt } from '../engine/plan.ts';
import { momentOf } from '../engine/timeline.ts';
import type { WebhookEndpoint, WebhookWord } from './index.ts';
import type { Batches, BatchRecord } from './jobs.ts';

const TIMEOUT_MS = 10_000;
/** Past the five minutes that a signature is good for. */
const LATE_MS = 10 * 60_000;

const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/**
 * Tells the endpoints of the ends of jobs, as OpenAI does, by Standard Webhooks. One that is not
 * taken is not sent again.
 */
export class Webhooks {
  readonly #batches: Batches;
  readonly #watch: EndWatch<BatchRecord>;

  constructor(batches: Batches) {
    this.#batches = batches;
    this.#watch = new EndWatch({
      jobs: () => batches.records.all(),
      endOf(record) {
        batches.advance(record);
        const { status } = momentOf(record, batches.parts.now());
        return ENDS.has(status) ? status : undefined;
      },
      tell: (record, end, position) => this.#tell(record, end, position),
    });
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  async #tell({ id }: BatchRecord, end: string, position: number): Promise<void> {
    const { options, now } = this.#batches.parts;
    const event = {
      object: 'event',
      id: `evt_${randomBytes(16).toString('hex')}`,
      type: `batch.${end}`,
      created_at: Math.floor(now() / 1000),
      data: { id },
    };
    const body = JSON.stringify(event);
    const word = wordAt(options.webhookPlan, position);
    for (const endpoint of options.webhooks)
      await this.#send({ ...endpoint, jobId: id, body, word });
  }

  async #send(webhook: Sending): Promise<void> {
    const { word, url, secret, body, jobId } = webhook;
    const { journal } = this.#batches.parts;
    const times = { sent: 1, forged: 1, late: 1, duplicate: 2, lost: 0 }[word];
    // Its own clock: what it signs is read by programs that have no other.
    const headers = signed(body, word === 'forged' ? 'whsec_Zm9yZ2Vk' : secret, {
      id: `wh_${randomBytes(16).toString('hex')}`,
      time: Date.now() - (word === 'late' ? LATE_MS : 0),
    });
    if (times === 0) journal.append({ event: 'webhook', jobId, word, status: 0 });
    for (let time = 0; time < times; time++) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const status = await fetch(url, { method: 'POST', headers, body, signal }).then(
        (response) => response.status,
        () => 0,
      );
      journal.append({ event: 'webhook', jobId, word, status });
    }
  }
}

interface Sending extends WebhookEndpoint {
  readonly jobId: string;
  readonly body: string;
  readonly word: WebhookWord;
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function signed(
  body: string,
  secret: string,
  { id, time }: { readonly id: string; readonly time: number },
): Record<string, string> {
  const seconds = String(Math.floor(time / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'user-agent': 'OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)',
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  };
}
