import { seededRandom } from '../../../../shared/tokens/estimator.ts';

export interface Chance {
  /** A number from 0 to below `limit`. */
  integer(limit: number): number;
  pick<T>(items: readonly T[]): T;
  chance(share: number): boolean;
  hex(length: number): string;
}

/** Writes a text of about so many characters. */
export type Source = (chance: Chance, characters: number) => string;

export function seededChance(seed: number): Chance {
  const random = seededRandom(seed);
  const integer = (limit: number) => Math.floor(random() * limit);
  return {
    integer,
    pick: (items) => items[integer(items.length)] as (typeof items)[number],
    chance: (share) => random() < share,
    hex: (length) => Array.from({ length }, () => integer(16).toString(16)).join(''),
  };
}
