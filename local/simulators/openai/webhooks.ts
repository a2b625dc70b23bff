import { createHmac, randomBytes } from 'node:crypto';
import { momentOf } from '../jobs/timeline.ts';
import type { Batches } from './batches.ts';
import type { BatchRecord } from './batchRecord.ts';
import type { WebhookEndpoint, WebhookWord } from './options.ts';

/** Between two looks at the jobs. */
const LOOK_MS = 100;
const TIMEOUT_MS = 10_000;
/** Past the five minutes that a signature is good for. */
const LATE_MS = 10 * 60_000;

const ENDS = ['completed', 'failed', 'expired', 'cancelled'] as const;

/**
 * Tells the endpoints of the ends of jobs, as OpenAI does, by Standard Webhooks. One that is not
 * taken is not sent again. What ends while the simulator is down is never told.
 */
export class Webhooks {
  readonly #batches: Batches;
  readonly #told: Set<string>;
  readonly #timer: NodeJS.Timeout;
  readonly #sending = new Set<Promise<void>>();
  #sent = 0;

  constructor(batches: Batches) {
    this.#batches = batches;
    const ended = batches.records.all().filter((record) => this.#endOf(record) !== undefined);
    this.#told = new Set(ended.map(({ id }) => id));
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#sending);
  }

  #look(): void {
    for (const record of this.#batches.records.all()) {
      if (this.#told.has(record.id)) continue;
      this.#batches.advance(record);
      const end = this.#endOf(record);
      if (end === undefined) continue;
      this.#told.add(record.id);
      const sending = this.#tell(record, end).finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
  }

  #endOf(record: BatchRecord): string | undefined {
    const { status } = momentOf(record, this.#batches.parts.now());
    return ENDS.find((end) => end === status);
  }

  async #tell({ id }: BatchRecord, end: string): Promise<void> {
    const { options, now } = this.#batches.parts;
    const event = {
      object: 'event',
      id: `evt_${randomBytes(16).toString('hex')}`,
      type: `batch.${end}`,
      created_at: Math.floor(now() / 1000),
      data: { id },
    };
    const body = JSON.stringify(event);
    const word = options.webhookPlan[Math.min(this.#sent++, options.webhookPlan.length - 1)];
    for (const endpoint of options.webhooks) {
      await this.#send({ ...endpoint, jobId: id, body, word: word ?? 'sent' });
    }
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
