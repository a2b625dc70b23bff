import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import {
  type Condition,
  INDEXES,
  type IndexName,
  type IndexQuery,
  type Item,
  type ItemTable,
  type WhereValues,
} from '../shared/stores/itemTable.ts';

/** In events for processors, where Lambda functions have the name of a table. */
export const TABLE_NAME = 'items';

/** The table in a handler's database. */
export interface SqliteTable extends ItemTable {
  /** Deletes items that have expired. @param now milliseconds since 1970 */
  removeExpired(now: number): void;
}

/** Columns beside the JSON of an item: what conditions and indexes are about. */
const COLUMNS = [
  ...['id', 'writeToken', 'version', 'schemaVersion', 'expiresAt'],
  ...['queue', 'dueAt', 'activeProvider', 'createdMonth', 'createdAt'],
  ...['attributes', 'record'],
] as const;
const NUMBERS: ReadonlySet<string> = new Set(['version', 'schemaVersion', 'expiresAt']);
const SCAN_PAGE = 100;

type Row = Readonly<Record<string, SQLOutputValue>>;

/** A table of items in SQLite. Each method is one statement, which SQLite runs whole or not at all. */
export function sqliteTable(database: DatabaseSync): SqliteTable {
  const values = COLUMNS.map(() => '?').join(', ');
  const insert = database.prepare(
    `INSERT INTO items (${COLUMNS.join(', ')}) VALUES (${values}) ON CONFLICT (id) DO NOTHING`,
  );
  const assignments = COLUMNS.map((name) => `${name} = ?`).join(', ');
  const replaceVersion = database.prepare(
    `UPDATE items SET ${assignments} WHERE id = ? AND version = ? AND schemaVersion <= ?`,
  );
  const replaceToken = database.prepare(
    `UPDATE items SET ${assignments} WHERE id = ? AND writeToken = ?`,
  );
  const select = database.prepare('SELECT attributes, record FROM items WHERE id = ?');
  const selectMany = database.prepare(
    'SELECT attributes, record FROM items WHERE id IN (SELECT value FROM json_each(?))',
  );
  const remove = database.prepare('DELETE FROM items WHERE id = ? AND writeToken = ?');
  const expire = database.prepare('DELETE FROM items WHERE expiresAt <= ?');
  const scanPage = database.prepare(
    `SELECT id, attributes, record FROM items WHERE id > ? AND substr(id, 1, length(?)) = ?
     ORDER BY id LIMIT ${SCAN_PAGE}`,
  );

  function put(item: Item, condition: Condition): boolean {
    const row = rowOf(item);
    if (condition.is === 'absent') return insert.run(...row).changes === 1;
    if (condition.is === 'token')
      return replaceToken.run(...row, item.id, condition.writeToken).changes === 1;
    const { version, schemaVersion, orAbsent = false } = condition;
    if (replaceVersion.run(...row, item.id, version, schemaVersion).changes === 1) return true;
    // If it was there and has gone in between, it is absent now.
    return orAbsent && insert.run(...row).changes === 1;
  }

  return {
    get: async (id) => itemOf(select.get(id)),
    getMany: async (ids) => selectMany.all(JSON.stringify(ids)).flatMap((row) => itemOf(row) ?? []),
    put: async (item, condition) => put(item, condition),
    remove: async (id, writeToken) => remove.run(id, writeToken).changes === 1,
    async query(query) {
      const { sql, parameters } = pageStatement(query);
      const rows = database.prepare(sql).all(...parameters);
      const last = rows.length === query.limit ? rows.at(-1) : undefined;
      const items = rows.flatMap((row) => itemOf(row) ?? []);
      return {
        items: items.filter((item) => fits(item, query.where)),
        last: last && positionOf(last, query.index),
      };
    },
    async *scan({ idPrefix, idWithout, where, without }) {
      for (let after = ''; ; ) {
        const rows = scanPage.all(after, idPrefix, idPrefix);
        const items = rows.flatMap((row) => itemOf(row) ?? []);
        yield items.filter(
          (item) =>
            (idWithout === undefined || !item.id.includes(idWithout)) &&
            (without === undefined || item[without] === undefined) &&
            fits(item, where),
        );
        if (rows.length < SCAN_PAGE) return;
        after = String(rows.at(-1)?.id);
      }
    },
    removeExpired: (now) => void expire.run(Math.floor(now / 1000)),
  };
}

/** The values of the columns. `record` is most of an item, and no page of an index needs it. */
function rowOf(item: Item): (string | number | null)[] {
  const { record, ...attributes } = item;
  const isText = typeof record === 'string';
  return COLUMNS.map((name) => {
    if (name === 'attributes') return JSON.stringify(isText ? attributes : item);
    if (name === 'record') return isText ? record : null;
    const value = item[name];
    if (NUMBERS.has(name)) return Number.isSafeInteger(value) ? Number(value) : null;
    return typeof value === 'string' ? value : null;
  });
}

function itemOf(row: Row | undefined): Item | undefined {
  if (!row) return undefined;
  const attributes = JSON.parse(String(row.attributes)) as Item;
  return typeof row.record === 'string' ? { ...attributes, record: row.record } : attributes;
}

function pageStatement({
  index,
  partition,
  from,
  until,
  isDescending = false,
  after,
  limit,
}: IndexQuery): { readonly sql: string; readonly parameters: (string | number)[] } {
  const { partitionKey } = INDEXES[index];
  const sortKey = sortKeyOf(index);
  const columns = ['id', 'attributes', ...(sortKey === undefined ? [] : [sortKey])];
  const conditions = [`${partitionKey} = ?`];
  const parameters: (string | number)[] = [partition];
  const add = (condition: string, ...given: string[]): void => {
    conditions.push(condition);
    parameters.push(...given);
  };
  if (sortKey !== undefined) {
    // Each index of the database has only the items that have both keys.
    add(`${sortKey} IS NOT NULL`);
    if (from !== undefined) add(`${sortKey} >= ?`, from);
    if (until !== undefined) add(`${sortKey} <= ?`, until);
  }
  const comparison = isDescending ? '<' : '>';
  if (after && sortKey === undefined) add(`id ${comparison} ?`, after.id);
  if (after && sortKey !== undefined)
    add(`(${sortKey}, id) ${comparison} (?, ?)`, after.sortKey ?? '', after.id);
  const direction = isDescending ? 'DESC' : 'ASC';
  const order = [...(sortKey === undefined ? [] : [sortKey]), 'id'].map(
    (name) => `${name} ${direction}`,
  );
  const sql = `SELECT ${columns.join(', ')} FROM items WHERE ${conditions.join(' AND ')} ORDER BY ${order.join(', ')} LIMIT ?`;
  return { sql, parameters: [...parameters, limit] };
}

function sortKeyOf(index: IndexName): string | undefined {
  const keys = INDEXES[index];
  return 'sortKey' in keys ? keys.sortKey : undefined;
}

function positionOf(row: Row, index: IndexName) {
  const sortKey = sortKeyOf(index);
  const id = String(row.id);
  return sortKey === undefined ? { id } : { id, sortKey: String(row[sortKey]) };
}

function fits(item: Item, where: WhereValues = {}): boolean {
  return Object.entries(where).every(([name, values]) => values.some((one) => one === item[name]));
}
