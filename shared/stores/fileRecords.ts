import {
  FILE_SCHEMA_VERSION,
  type FilePlace,
  type FileStore,
  fileSchema,
  type StoredFile,
} from '../batch/file.ts';
import { FILE_ID_PATTERN } from '../batch/ids.ts';
import { TABLE } from '../config.ts';
import { timeKey } from './indexKeys.ts';
import { parseRecord, putVersioned, recordJson, type VersionedItem } from './items.ts';
import type { IndexPosition, Item, ItemTable } from './itemTable.ts';

/** The files of the HTTP API, in the table: `file#<file id>`. */
export function fileStore(table: ItemTable): FileStore {
  return {
    async get(fileId) {
      // Clients send any text as an id, and a table takes no key of any length.
      if (!FILE_ID_PATTERN.test(fileId)) return undefined;
      const item = await table.get(itemId(fileId));
      return item && fileOf(item);
    },
    async create(file) {
      return (await putVersioned(table, itemOf(file), 'absent')) ? 'written' : 'exists';
    },
    async replace(file) {
      const item = itemOf({ ...file, version: file.version + 1 });
      return (await putVersioned(table, item, 'unchanged')) ? 'written' : 'conflict';
    },
    async markDeleted(file) {
      const item = itemOf({ ...file, status: 'deleted', version: file.version + 1 });
      return (await putVersioned(table, item, 'absentOrUnchanged')) ? 'written' : 'conflict';
    },
    async list({ tenant, isNewestFirst, after, limit }) {
      const { items, last } = await table.query({
        ...{ index: 'created', partition: partitionOf(tenant), isDescending: isNewestFirst },
        after: after && { id: itemId(after.fileId), sortKey: timeKey(after.createdAt) },
        limit,
      });
      const found = items.length === 0 ? [] : await table.getMany(items.map(({ id }) => id));
      const byId = new Map(found.map((item) => [item.id, item]));
      const files = items.flatMap(({ id }) => byId.get(id) ?? []).map(fileOf);
      return {
        files: files.filter(({ status }) => status === 'uploaded'),
        next: last && placeOf(last),
      };
    },
  };
}

function itemId(fileId: string): string {
  return TABLE.filePrefix + fileId;
}

function fileIdOf({ id }: Pick<Item, 'id'>): string {
  return id.slice(TABLE.filePrefix.length);
}

function fileOf(item: Item): StoredFile {
  return parseRecord(`file ${fileIdOf(item)}`, item, fileSchema, FILE_SCHEMA_VERSION);
}

function placeOf({ id, sortKey }: IndexPosition): FilePlace {
  return { fileId: fileIdOf({ id }), createdAt: Number(sortKey) };
}

/** Partition of the `created` index, where the partitions of the batches are months. */
function partitionOf(tenant = ''): string {
  return `files#${tenant}`;
}

function itemOf(file: StoredFile): VersionedItem {
  const { fileId, version, createdAt, expiresAt, tenant, status } = file;
  const { partitionKey, sortKey } = TABLE.createdIndex;
  return {
    id: itemId(fileId),
    version,
    schemaVersion: FILE_SCHEMA_VERSION,
    record: recordJson(`file ${fileId}`, fileSchema, file),
    [TABLE.timeToLive]: Math.ceil(expiresAt / 1000),
    ...(status === 'uploaded' && {
      [partitionKey]: partitionOf(tenant),
      [sortKey]: timeKey(createdAt),
    }),
  };
}
