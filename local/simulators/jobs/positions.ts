import { join } from 'node:path';
import { DocumentStore } from '../documents.ts';

interface Taken {
  readonly id: string;
  readonly sequence: number;
  readonly count: number;
}

/**
 * How far each group is in the plan, where that is more than its number of jobs: a provider that
 * refuses a create call uses up a word without a job.
 */
export class Positions {
  readonly #taken: DocumentStore<Taken>;

  constructor(dataDir: string) {
    this.#taken = new DocumentStore(join(dataDir, 'positions'));
  }

  /** The group's next position, from 0; it is used up by this. */
  take(group: string): number {
    const id = group.replaceAll(/[^\w.-]/g, '_');
    const { sequence = this.#taken.nextSequence(), count = 0 } = this.#taken.get(id) ?? {};
    this.#taken.save({ id, sequence, count: count + 1 });
    return count;
  }
}
