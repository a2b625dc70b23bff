import { createHash, randomUUID } from 'node:crypto';
import type { LaneStore, RequestName, RequestRegister } from '../collector/contract.ts';
import { dueAtOf, LANE_SCHEMA_VERSION, laneSchema } from '../collector/lane.ts';
import { TABLE } from '../config.ts';
import { timeKey } from './indexKeys.ts';
import { parseRecord, putVersioned, queryPage, recordJson } from './items.ts';
import type { Item, ItemTable } from './itemTable.ts';

/** The partition of the `due` index that holds the lanes with an open or sealed window. */
const LANES = 'collector';
const LANE_PREFIX = 'collector#';

/** The lanes of collected requests, in the table: `collector#<lane id>`. */
export function laneStore(table: ItemTable): LaneStore {
  const { partitionKey, sortKey } = TABLE.dueIndex;
  return {
    async get(laneId) {
      const item = await table.get(LANE_PREFIX + laneId);
      return item && parseRecord(`collector lane ${laneId}`, item, laneSchema, LANE_SCHEMA_VERSION);
    },
    async replace(lane) {
      const dueAt = dueAtOf(lane);
      const item = {
        id: LANE_PREFIX + lane.laneId,
        schemaVersion: LANE_SCHEMA_VERSION,
        version: lane.version,
        record: recordJson(`collector lane ${lane.laneId}`, laneSchema, lane),
        ...(dueAt !== undefined && { [partitionKey]: LANES, [sortKey]: timeKey(dueAt) }),
      };
      return (await putVersioned(table, item, 'absentOrUnchanged')) ? 'written' : 'conflict';
    },
    async listDue(until, cursor) {
      const query = { index: 'due', partition: LANES, until: timeKey(until), cursor } as const;
      const page = await queryPage(table, query);
      return { ...page, items: page.items.map(({ id }) => id.slice(LANE_PREFIX.length)) };
    },
  };
}

/**
 * The message of a request can come back for at least this long after the request was joined: SQS
 * keeps it for 14 days, and for 14 more if it is moved back from a dead-letter queue.
 */
const MIN_KEEP_SECONDS = 30 * 24 * 60 * 60;

/** The key of a request's item: `request#` and the hash of its provider entry and `custom_id`. */
export function requestItemId({ provider, customId }: RequestName): string {
  const hash = createHash('sha256').update(`${provider}\n${customId}`).digest('hex');
  return TABLE.requestPrefix + hash;
}

/**
 * The batches that requests are assigned to, in the table: `request#<hash>`.
 *
 * @param keepSeconds how long the batch of a request can be read: at least 30 days
 */
export function requestRegister(
  table: ItemTable,
  { keepSeconds }: { readonly keepSeconds: number },
): RequestRegister {
  return {
    async claim(name, { batchId, position, digest }, now) {
      const id = requestItemId(name);
      const item = {
        id,
        writeToken: randomUUID(),
        [TABLE.timeToLive]: Math.ceil(now / 1000) + Math.max(keepSeconds, MIN_KEEP_SECONDS),
        ...{ batchId, position, digest },
      };
      const isFirst = await table.put(item, { is: 'absent' });
      // Whether this claim stands, its reply was lost, or an earlier one stands: the stored one counts.
      const stored = isFirst ? item : await table.get(id);
      if (!stored) throw new Error('the item of a collected request expired while it was read');
      return {
        batchId: textOf(stored, 'batchId'),
        position: textOf(stored, 'position'),
        digest: textOf(stored, 'digest'),
      };
    },
  };
}

/** The batch that a request is in; undefined before its window is joined and after its item expired. */
export async function readRequestBatch(
  table: ItemTable,
  name: RequestName,
): Promise<string | undefined> {
  const item = await table.get(requestItemId(name));
  return item && textOf(item, 'batchId');
}

function textOf(item: Item, name: string): string {
  const value = item[name];
  if (typeof value === 'string') return value;
  throw new Error(`the item of a collected request has no ${name}`);
}
