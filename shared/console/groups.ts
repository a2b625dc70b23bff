/** What figures are split by has at most so many values, so that an answer stays small. */
export const MAX_GROUPS = 12;

/** A value that figures are split by. Its name is a user's text, so only `kind` tells what it stands for. */
export interface Group {
  readonly name: string;
  /** `none`: of what has no such value. `other`: of all values that have no group of their own. */
  readonly kind: 'named' | 'none' | 'other';
}

/** Something with a value that may be absent, and how much it counts. */
interface Weighed {
  readonly value: string | undefined;
  readonly weight: number;
}

/**
 * Finds the groups of some items: the values of the greatest weight, the greatest first, and one group
 * for all others if there are more than {@link MAX_GROUPS}.
 *
 * @returns the groups, and the index of the group of a value
 */
export function groupsOf(items: Iterable<Weighed>): {
  readonly groups: readonly Group[];
  readonly indexOf: (value: string | undefined) => number;
} {
  const weights = new Map<string | undefined, number>();
  for (const { value, weight } of items) weights.set(value, (weights.get(value) ?? 0) + weight);
  const sorted = [...weights]
    .sort(([a = '', weightOfA], [b = '', weightOfB]) => weightOfB - weightOfA || (a < b ? -1 : 1))
    .map(([value]) => value);
  const own = sorted.length > MAX_GROUPS ? sorted.slice(0, MAX_GROUPS - 1) : sorted;
  const indexes = new Map(own.map((value, index) => [value, index]));
  const groups: Group[] = own.map((value) =>
    value === undefined ? { name: '', kind: 'none' } : { name: value, kind: 'named' },
  );
  if (own.length < sorted.length) groups.push({ name: '', kind: 'other' });
  return { groups, indexOf: (value) => indexes.get(value) ?? own.length };
}
