import type { Guards } from './schedule.ts';

/** A change to the code under test: exactly this text, which must be there. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A guard taken away. */
export interface Mutation {
  readonly name: string;
  readonly edits?: readonly Edit[];
  /** Of the table's own guards, which the adapter has and the fake stands in for. */
  readonly guards?: Guards;
}

export function edit(file: string, find: string, replace: string): Edit {
  return { file, find, replace };
}
