import type { Found } from './finding.ts';
import type { Subject } from './subject.ts';

/** One thing that is looked at, whatever comes of the others. */
export interface Check {
  /** A word or two. */
  readonly name: string;
  /** The IAM actions that it takes, told to whoever may not. */
  readonly permissions: readonly string[];
  run(subject: Subject): Promise<readonly Found[]>;
}
