import type { DatabaseSync } from 'node:sqlite';
import { waitingFor } from '../shared/quota/waitingFor.ts';
import { counted } from '../shared/quota/waitingText.ts';
import { batchIdOf } from '../shared/stores/batchItem.ts';
import { OPEN_PREFIX, WAITING_PREFIX } from '../shared/stores/indexKeys.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { beginsWith } from './database.ts';

/**
 * Entries of the index `due` that batches have: `open#<shard>` and `waiting#<provider>`. An ended batch
 * whose input is removed days later is not among them: whatever runs then removes it.
 */
const OPEN_BATCHES = `FROM items WHERE dueAt IS NOT NULL
  AND json_extract(attributes, '$.awaitsInputExpiry') IS NULL AND (
  (${beginsWith('queue', OPEN_PREFIX)}) OR (${beginsWith('queue', WAITING_PREFIX)}))`;
const LIVE_MESSAGES = "FROM messages WHERE queue IN ('batch', 'work', 'processor', 'outcome')";

/**
 * Whether any batch has something pending, or any message is left. One statement sees both at one instant:
 * a message that is handled becomes a batch, and a batch becomes messages.
 */
export function hasOpenWork(database: DatabaseSync): boolean {
  const statement = `SELECT EXISTS (SELECT 1 ${OPEN_BATCHES}) OR EXISTS (SELECT 1 ${LIVE_MESSAGES}) AS isOpen`;
  return database.prepare(statement).get()?.isOpen === 1;
}

/** Batches that are described. */
const EXAMPLES = 3;

/** What the open batches wait for: how many there are, and a few of them. */
export async function openWorkText(
  database: DatabaseSync,
  { batches, providerStates, policy }: Pick<Dependencies, 'batches' | 'providerStates' | 'policy'>,
): Promise<string> {
  const count = Number(database.prepare(`SELECT count(*) AS open ${OPEN_BATCHES}`).get()?.open);
  const rows = database.prepare(`SELECT id ${OPEN_BATCHES} LIMIT ${EXAMPLES}`).all();
  const found = await batches.getMany(rows.map(({ id }) => batchIdOf({ id: String(id) })));
  const now = Date.now();
  const texts: string[] = [];
  for (const batch of found.values()) {
    const { batchId, provider } = batch;
    const state = await providerStates.get(provider);
    const wait = waitingFor(batch, {
      ...{ now, maxDeliveries: policy.maxDeliveries },
      entry: (name) => (name === provider ? { state, limits: {} } : undefined),
      parts: () => undefined,
    });
    texts.push(`${batchId}: ${wait?.text ?? `${batch.status}, with effects to repeat`}`);
  }
  const open = `${counted(count)} open ${count === 1 ? 'batch' : 'batches'}`;
  return [open, ...texts].join('; ');
}
