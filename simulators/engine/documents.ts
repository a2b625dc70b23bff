import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Stored {
  readonly id: string;
  /** Rises with each document: the order of creation, finer than any clock. */
  readonly sequence: number;
}

/**
 * Small JSON documents, one file each, all of them held in memory too. Writing is synchronous, so
 * that two saves never interleave, and goes through a rename, so that a kill leaves the old or
 * the new document.
 */
export class DocumentStore<Document extends Stored> {
  readonly #directory: string;
  readonly #documents = new Map<string, Document>();
  #lastSequence = 0;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    const found = readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .map((name): Document => JSON.parse(readFileSync(join(directory, name), 'utf8')))
      .sort((a, b) => a.sequence - b.sequence);
    for (const document of found) {
      this.#documents.set(document.id, document);
      this.#lastSequence = document.sequence;
    }
  }

  nextSequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  get(id: string): Document | undefined {
    return this.#documents.get(id);
  }

  /** Oldest first. */
  all(): Document[] {
    return [...this.#documents.values()];
  }

  save(document: Document): void {
    const path = this.#path(document.id);
    writeFileSync(`${path}.part`, JSON.stringify(document));
    renameSync(`${path}.part`, path);
    this.#documents.set(document.id, document);
  }

  delete(id: string): void {
    rmSync(this.#path(id), { force: true });
    this.#documents.delete(id);
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
