import {
  type Condition,
  INDEXES,
  type IndexQuery,
  type Item,
  type ItemTable,
  type WrittenItem,
} from 'batch-handler/runtime';
import type { Pool } from 'pg';

/**
 * Everything that the handler keeps in its table, in one table of Postgres. Keys are bytes, as they are
 * compared, and the item is JSON as text: neither `text` nor `jsonb` holds every string. Each index has its
 * two columns.
 *
 * Delete expired items now and then: `delete from batch_items where expires_at < extract(epoch from now())`.
 */
export const SCHEMA = `
  create table if not exists batch_items (
    id bytea primary key,
    item text not null,
    write_token text not null,
    version bigint,
    schema_version bigint,
    expires_at bigint,
    due_partition bytea,
    due_sort bytea,
    provider_partition bytea,
    provider_sort bytea,
    created_partition bytea,
    created_sort bytea
  );
  create index if not exists batch_items_due on batch_items (due_partition, due_sort, id);
  create index if not exists batch_items_provider on batch_items (provider_partition, provider_sort, id);
  create index if not exists batch_items_created on batch_items (created_partition, created_sort, id);
  create index if not exists batch_items_expired on batch_items (expires_at);`;

const COLUMNS = [
  ...['id', 'item', 'write_token', 'version', 'schema_version', 'expires_at'],
  ...['due_partition', 'due_sort', 'provider_partition', 'provider_sort'],
  ...['created_partition', 'created_sort'],
];
const PLACES = COLUMNS.map((_, index) => `$${index + 1}`).join(', ');
const CHANGES = COLUMNS.slice(1).map((name) => `${name} = excluded.${name}`);
const INSERT = `insert into batch_items (${COLUMNS.join(', ')}) values (${PLACES}) on conflict (id)`;
const UPDATE = `update batch_items as t set (${COLUMNS.join(', ')}) = row(${PLACES}) where t.id = $1`;

/** Rows of one page of a scan. */
const SCAN_PAGE = 500;

export function postgresTable(pool: Pick<Pool, 'query'>): ItemTable {
  return {
    async get(id) {
      const { rows } = await pool.query('select item from batch_items where id = $1', [bytes(id)]);
      return rows.map(itemOf)[0];
    },
    async getMany(ids) {
      const text = 'select item from batch_items where id = any($1)';
      const { rows } = await pool.query(text, [ids.map(bytes)]);
      return rows.map(itemOf);
    },
    async put(item, condition) {
      const { rowCount } = await pool.query(...putQuery(item, condition));
      return rowCount === 1;
    },
    async remove(id, writeToken) {
      const text = 'delete from batch_items where id = $1 and write_token = $2';
      const { rowCount } = await pool.query(text, [bytes(id), writeToken]);
      return rowCount === 1;
    },
    async query(query) {
      const { rows } = await pool.query(...pageQuery(query));
      const end = rows.length < query.limit ? undefined : rows.at(-1);
      const items = rows.map(itemOf).filter((item) => isWanted(item, query.where));
      if (!end) return { items };
      return { items, last: { id: String(end.id), sortKey: String(end.sort) } };
    },
    async *scan({ idPrefix, idWithout, where, without }) {
      const prefix = bytes(idPrefix);
      for (let after = bytes(''); ; ) {
        const text = `select id, item from batch_items
          where substring(id for $1) = $2 and id > $3 order by id limit ${SCAN_PAGE}`;
        const { rows } = await pool.query(text, [prefix.length, prefix, after]);
        const items = rows
          .map(itemOf)
          .filter((item) => idWithout === undefined || !item.id.includes(idWithout))
          .filter((item) => without === undefined || item[without] === undefined)
          .filter((item) => isWanted(item, where));
        if (items.length > 0) yield items;
        if (rows.length < SCAN_PAGE) return;
        after = rows.at(-1).id;
      }
    },
  };
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

function itemOf({ item }: { readonly item: string }): Item {
  return JSON.parse(item);
}

function isWanted(item: Item, where: IndexQuery['where'] = {}): boolean {
  return Object.entries(where).every(([name, values]) => values.includes(String(item[name])));
}

/** One statement, which Postgres runs as a whole or not at all: of concurrent writers, one wins. */
function putQuery(item: WrittenItem, condition: Condition): [string, unknown[]] {
  const values = valuesOf(item);
  if (condition.is === 'absent') return [`${INSERT} do nothing`, values];
  if (condition.is === 'token')
    return [`${UPDATE} and t.write_token = $13`, [...values, condition.writeToken]];
  const isVersion = 'version = $13 and t.schema_version <= $14';
  const text = condition.orAbsent
    ? `${INSERT.replace('batch_items', 'batch_items as t')} do update set ${CHANGES.join(', ')} where t.${isVersion}`
    : `${UPDATE} and t.${isVersion}`;
  return [text, [...values, condition.version, condition.schemaVersion]];
}

function valuesOf(item: WrittenItem): unknown[] {
  const { id, writeToken, version, schemaVersion, expiresAt } = item;
  const keys = Object.values(INDEXES).flatMap((index) => {
    const partition = item[index.partitionKey];
    const sort = 'sortKey' in index ? item[index.sortKey] : '';
    return typeof partition === 'string' && typeof sort === 'string'
      ? [bytes(partition), bytes(sort)]
      : [null, null];
  });
  return [bytes(id), JSON.stringify(item), writeToken, version, schemaVersion, expiresAt, ...keys];
}

function pageQuery(query: IndexQuery): [string, unknown[]] {
  const { index, partition, from, until, isDescending, after, limit } = query;
  const conditions = [`${index}_partition = $1`];
  const values: unknown[] = [bytes(partition)];
  const place = (text: string) => `$${values.push(bytes(text))}`;
  if (from !== undefined) conditions.push(`${index}_sort >= ${place(from)}`);
  if (until !== undefined) conditions.push(`${index}_sort <= ${place(until)}`);
  if (after) {
    const position = `(${place(after.sortKey ?? '')}, ${place(after.id)})`;
    conditions.push(`(${index}_sort, id) ${isDescending ? '<' : '>'} ${position}`);
  }
  const order = isDescending ? 'desc' : 'asc';
  const text = `select id, ${index}_sort as sort, item from batch_items
    where ${conditions.join(' and ')}
    order by ${index}_sort ${order}, id ${order} limit ${limit}`;
  return [text, values];
}
