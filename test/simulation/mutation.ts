import type { Guards } from './schedule.ts';

/** A change to the code under test. `find` must occur in the file. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A guard that is removed, so that the simulation must break a promise. */
export interface Mutation {
  readonly name: string;
  readonly edits?: readonly Edit[];
  /** Guards of the adapters, which the doubles have too. */
  readonly guards?: Guards;
}

export function edit(file: string, find: string, replace: string): Edit {
  return { file, find, replace };
}
