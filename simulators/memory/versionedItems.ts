interface Version<T> {
  readonly item: T;
  /** Tells whose write it was. */
  readonly token: string;
  readonly writtenAt: number;
}

/** More than are ever written within the lag of an index. */
const KEPT_VERSIONS = 50;

/** Items of a table with their last versions, since an index may show an item as it was before. */
export class VersionedItems<T> {
  readonly #versions = new Map<string, readonly Version<T>[]>();

  latest(id: string): Version<T> | undefined {
    return this.#versions.get(id)?.at(-1);
  }

  all(): T[] {
    return this.asOf(Number.POSITIVE_INFINITY);
  }

  /** The items as they were at a time, in the order of their first writes. */
  asOf(time: number): T[] {
    return [...this.#versions.values()].flatMap(
      (versions) => versions.findLast(({ writtenAt }) => writtenAt <= time)?.item ?? [],
    );
  }

  remove(id: string): void {
    this.#versions.delete(id);
  }

  write(id: string, version: Version<T>): void {
    const versions = [...(this.#versions.get(id) ?? []), version];
    this.#versions.set(id, versions.slice(-KEPT_VERSIONS));
  }
}
