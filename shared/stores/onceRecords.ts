import { randomUUID } from 'node:crypto';
import type { WebhookRegister } from '../batch/webhook.ts';
import { TABLE } from '../config.ts';
import { putIf } from './items.ts';
import type { ItemTable } from './itemTable.ts';

/** Longer than any delivery can be repeated. */
const KEEP_SECONDS = 90 * 24 * 60 * 60;

/** Whether the effect of one delivery has happened: `once#<deliveryId>` in the table. */
export interface EffectRecord {
  /** Resolves to false if the effect has happened or another invocation has the claim. Times in milliseconds since 1970. */
  claim(token: string, now: number, leaseUntil: number): Promise<boolean>;
  /** Resolves to undefined if the effect has not happened and no invocation has the claim. */
  read(): Promise<'done' | { readonly leaseUntil: number } | undefined>;
  /** @throws Error if another invocation has taken over the claim */
  finish(token: string, now: number): Promise<void>;
  /** @throws Error if another invocation has taken over the claim */
  release(token: string): Promise<void>;
}

export function effectRecord(table: ItemTable, deliveryId: string): EffectRecord {
  const id = `${TABLE.oncePrefix}${deliveryId}`;
  const item = (now: number, attributes: { state: string; writeToken: string }) => ({
    id,
    [TABLE.timeToLive]: Math.ceil(now / 1000) + KEEP_SECONDS,
    ...attributes,
  });
  const takenOver = () =>
    new Error(`another invocation has taken over the claim of delivery ${deliveryId}`);
  return {
    async claim(token, now, leaseUntil) {
      const claimed = { ...item(now, { state: 'inProgress', writeToken: token }), leaseUntil };
      const found = await table.get(id);
      if (!found) return putIf(table, claimed, { is: 'absent' });
      const { state, leaseUntil: until, writeToken = '' } = found;
      const isExpired = state === 'inProgress' && typeof until === 'number' && until <= now;
      return isExpired && putIf(table, claimed, { is: 'token', writeToken });
    },
    async read() {
      const found = await table.get(id);
      if (!found) return undefined;
      return found.state === 'done' ? 'done' : { leaseUntil: Number(found.leaseUntil) };
    },
    async finish(token, now) {
      // A token of its own, so that no invocation that has read the claim before can take it over.
      const done = item(now, { state: 'done', writeToken: randomUUID() });
      if (!(await putIf(table, done, { is: 'token', writeToken: token }))) throw takenOver();
    },
    async release(token) {
      // No item is left if the removal was repeated because its reply was lost.
      if (!(await table.remove(id, token)) && (await table.get(id))) throw takenOver();
    },
  };
}

/** OpenAI repeats a webhook for 72 hours until it is accepted; a signature is valid for minutes. */
const WEBHOOK_REGISTER_KEEP_SECONDS = 4 * 24 * 60 * 60;

/** The webhooks that have arrived: `webhook#<entry>#<webhook id>` in the table. */
export function webhookRegister(table: ItemTable): WebhookRegister {
  return {
    register(entry, webhookId, now) {
      const item = {
        id: `${TABLE.webhookPrefix}${entry}#${webhookId}`,
        writeToken: randomUUID(),
        [TABLE.timeToLive]: Math.ceil(now / 1000) + WEBHOOK_REGISTER_KEEP_SECONDS,
      };
      return putIf(table, item, { is: 'absent' });
    },
  };
}
