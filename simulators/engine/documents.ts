import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface StoredDocument {
  readonly id: string;
  /** Rises with each document, so that documents have an order finer than any clock. */
  readonly sequence: number;
}

/**
 * Stores small JSON documents, one file each, and holds all of them in memory. Writes are
 * synchronous, so that two saves never interleave, and go through a rename, so that a kill leaves
 * the old or the new document.
 */
export class DocumentStore<Document extends StoredDocument> {
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

  /** All documents, oldest first. */
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
