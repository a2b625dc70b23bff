import { TABLE } from '../config.ts';

/**
 * An item of the table: its key, and attributes by name. An attribute is a string, a finite number, a
 * boolean, an array of strings or an object of strings, never undefined or null.
 */
export interface Item {
  /** The key, such as `batch#<batchId>`. */
  readonly id: string;
  /** Different for every writer. Absent only in what earlier versions wrote, and in a page of an index. */
  readonly writeToken?: string | undefined;
  readonly [attribute: string]: unknown;
}

/** An item to write. */
export interface WrittenItem extends Item {
  /** It tells a writer whose reply was lost that the stored item is its own. */
  readonly writeToken: string;
}

/** What must be true of the stored item at the instant of a write. */
export type Condition =
  /** There is no item with this id. */
  | { readonly is: 'absent' }
  /**
   * The stored `version` is this one, and the stored `schemaVersion` is not above this one.
   * `orAbsent`: or there is no item.
   */
  | {
      readonly is: 'version';
      readonly version: number;
      readonly schemaVersion: number;
      readonly orAbsent?: boolean | undefined;
    }
  /** The stored `writeToken` is this one. */
  | { readonly is: 'token'; readonly writeToken: string };

/**
 * The indexes by name. An item is in an index if it has the attribute `partitionKey` and, if there is
 * one, `sortKey`: both are strings. A page shows these, the id and the attributes in `projected`.
 */
export const INDEXES = {
  /** What is to be done when: open batches, those that wait for a provider, and others. */
  due: TABLE.dueIndex,
  /** The batches that occupy a provider. It has no sort key. */
  provider: TABLE.providerIndex,
  /** All batches by the time of their creation. */
  created: TABLE.createdIndex,
} as const;
export type IndexName = keyof typeof INDEXES;

/** For each of these attributes, the values to keep an item for: at least one. */
export type WhereValues = Readonly<Record<string, readonly string[]>>;

/** The place of an item in a partition of an index. */
export interface IndexPosition {
  readonly id: string;
  /** Absent in an index without a sort key. */
  readonly sortKey?: string | undefined;
}

export interface IndexQuery {
  readonly index: IndexName;
  readonly partition: string;
  /** The first sort key to include, compared by bytes. Default: the partition's first. */
  readonly from?: string | undefined;
  /** The last sort key to include, compared by bytes. Default: the partition's last. */
  readonly until?: string | undefined;
  /** Default: ascending by sort key. */
  readonly isDescending?: boolean | undefined;
  /** Leaves out the other items after `limit` was applied, so that a page may be empty and not the last. */
  readonly where?: WhereValues | undefined;
  /**
   * Begins right after this position, in the direction of the query. The item need not exist any more.
   * Items with one sort key have an order of their own, which does not change.
   */
  readonly after?: IndexPosition | undefined;
  /** Items to read at most, from 1. A page may have fewer and not be the last. */
  readonly limit: number;
}

export interface ItemPage {
  /** They have the keys and the projected attributes of the index, and may have all others. */
  readonly items: readonly Item[];
  /** Where the next page goes on. Absent on the last page. */
  readonly last?: IndexPosition | undefined;
}

/** Which items a scan yields: those for which all of this is true. */
export interface ScanFilter {
  readonly idPrefix: string;
  /** A text that is not in the id. */
  readonly idWithout?: string | undefined;
  readonly where?: WhereValues | undefined;
  /** An attribute that the item does not have. */
  readonly without?: string | undefined;
}

/**
 * The table that the handler keeps its state in, except files and messages: batches, states of the
 * provider entries, the lease of the sweep, lanes and requests of the collector, webhooks that have
 * arrived, and effects of processors. All stores are built on these methods.
 *
 * Methods throw if it is not known whether they succeeded. An implementation may repeat a call that got
 * no answer. Items with the attribute `expiresAt` (seconds since 1970) may be deleted after that time.
 */
export interface ItemTable {
  /** A strongly consistent read: it shows every write that has completed before. */
  get(id: string): Promise<Item | undefined>;
  /**
   * Strongly consistent reads of up to 100 items, in no order, and each once if its id is given twice. May
   * leave out items under load: `get` shows whether they exist.
   */
  getMany(ids: readonly string[]): Promise<readonly Item[]>;
  /**
   * Replaces the whole item if the condition holds, in one atomic step.
   *
   * @returns false if the condition does not hold, and also for a write that stands but was repeated
   *   because its reply was lost: the stored `writeToken` tells
   */
  put(item: WrittenItem, condition: Condition): Promise<boolean>;
  /**
   * Deletes the item if this is its `writeToken`, in one atomic step.
   *
   * @returns false if the item has another one, or is gone
   */
  remove(id: string, writeToken: string): Promise<boolean>;
  /**
   * One page of a partition of an index. It may be stale.
   *
   * @throws IndexMissingError if the table does not have the index yet
   */
  query(query: IndexQuery): Promise<ItemPage>;
  /** Pages of whole items, in no order. It reads the whole table: for data of earlier versions and repairs. */
  scan(filter: ScanFilter): AsyncIterable<readonly Item[]>;
}

/** The table was made by a version without this index, or is just building it. */
export class IndexMissingError extends Error {
  constructor(index: IndexName, options?: ErrorOptions) {
    super(
      `the table has no index ${index}: deploy the handler again, or wait until it is built`,
      options,
    );
    this.name = 'IndexMissingError';
  }
}
