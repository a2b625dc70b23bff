import {
  type Condition,
  INDEXES,
  type IndexPosition,
  type IndexQuery,
  type Item,
  type ItemPage,
  type ItemTable,
  type WhereValues,
  type WrittenItem,
} from '../../shared/stores/itemTable.ts';
import { callAtOnce, type MakeCall } from './calls.ts';
import { VersionedItems } from './versionedItems.ts';

export interface MemoryItemsOptions {
  /** Default: as if no time passed. */
  now?(): number;
  /** How far the indexes are behind, in milliseconds, as of one read. Default: they are not. */
  lagMs?(): number;
}

const SCAN_PAGE = 100;

/** The table as items, for what has no store of its own in memory. */
export class MemoryItems {
  readonly #items = new VersionedItems<Item>();
  readonly #options: MemoryItemsOptions;

  constructor(options: MemoryItemsOptions = {}) {
    this.#options = options;
  }

  get(id: string): Item | undefined {
    return this.#items.latest(id)?.item;
  }

  all(): Item[] {
    return this.#items.all();
  }

  table(call: MakeCall = callAtOnce): ItemTable {
    return {
      get: (id) => call(`read ${id}`, () => this.get(id)),
      getMany: (ids) =>
        call(`read ${ids.join(', ')}`, () => [...new Set(ids)].flatMap((id) => this.get(id) ?? [])),
      put: (item, condition) => call(`write ${item.id}`, () => this.#put(item, condition)),
      remove: (id, writeToken) => call(`remove ${id}`, () => this.#remove(id, writeToken)),
      query: (query) => call(`list ${query.index} ${query.partition}`, () => this.#query(query)),
      scan: ({ idPrefix, idWithout, where, without }) =>
        this.#scan(
          call,
          (item) =>
            item.id.startsWith(idPrefix) &&
            (idWithout === undefined || !item.id.includes(idWithout)) &&
            (without === undefined || item[without] === undefined) &&
            fits(item, where),
        ),
    };
  }

  #put(item: WrittenItem, condition: Condition): boolean {
    if (!holds(condition, this.get(item.id))) return false;
    // What is read later is what was written, whatever the writer does to its object.
    const written = Object.freeze(structuredClone(item));
    const { now = () => 0 } = this.#options;
    this.#items.write(item.id, { item: written, token: item.writeToken, writtenAt: now() });
    return true;
  }

  #remove(id: string, writeToken: string): boolean {
    if (this.get(id)?.writeToken !== writeToken) return false;
    this.#items.remove(id);
    return true;
  }

  #query(query: IndexQuery): ItemPage {
    const { now = () => 0, lagMs = () => 0 } = this.#options;
    const found = this.#items
      .asOf(now() - lagMs())
      .flatMap((item) => positionIn(item, query) ?? [])
      .sort((a, b) => compare(a.position, b.position));
    if (query.isDescending) found.reverse();
    const { after, limit } = query;
    const rest = found.filter(({ position }) => !after || isPast(position, after, query));
    const page = rest.slice(0, limit);
    return {
      items: page.map(({ item }) => item).filter((item) => fits(item, query.where)),
      last: rest.length > limit ? page.at(-1)?.position : undefined,
    };
  }

  async *#scan(call: MakeCall, passes: (item: Item) => boolean): AsyncGenerator<readonly Item[]> {
    const all = await call('scan', () => this.all());
    for (let start = 0; start < all.length; start += SCAN_PAGE)
      yield await call('scan on', () => all.slice(start, start + SCAN_PAGE).filter(passes));
  }
}

function holds(condition: Condition, stored: Item | undefined): boolean {
  switch (condition.is) {
    case 'absent':
      return stored === undefined;
    case 'token':
      return stored?.writeToken === condition.writeToken;
    case 'version': {
      if (!stored) return condition.orAbsent === true;
      return (
        stored.version === condition.version &&
        Number(stored.schemaVersion) <= condition.schemaVersion
      );
    }
  }
}

/** The item and its place, if it is within the query. */
function positionIn(
  item: Item,
  { index, partition, from, until }: IndexQuery,
): { readonly item: Item; readonly position: IndexPosition } | undefined {
  const keys: { readonly partitionKey: string; readonly sortKey?: string } = INDEXES[index];
  if (item[keys.partitionKey] !== partition) return undefined;
  if (keys.sortKey === undefined) return { item, position: { id: item.id } };
  const sortKey = item[keys.sortKey];
  if (typeof sortKey !== 'string') return undefined;
  if (from !== undefined && compareText(sortKey, from) < 0) return undefined;
  if (until !== undefined && compareText(sortKey, until) > 0) return undefined;
  return { item, position: { id: item.id, sortKey } };
}

function isPast(position: IndexPosition, after: IndexPosition, { isDescending }: IndexQuery) {
  const order = compare(position, after);
  return isDescending ? order < 0 : order > 0;
}

function compare(a: IndexPosition, b: IndexPosition): number {
  return compareText(a.sortKey ?? '', b.sortKey ?? '') || compareText(a.id, b.id);
}

/** By bytes, which JavaScript's comparison of texts is not above U+FFFF. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function fits(item: Item, where: WhereValues = {}): boolean {
  return Object.entries(where).every(([name, values]) => values.some((one) => one === item[name]));
}
