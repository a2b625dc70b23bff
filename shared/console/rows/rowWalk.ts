import { omitUndefined } from '../../omitUndefined.ts';
import { type FileLine, type LineFile, LineReader } from './lineReader.ts';

/**
 * What is shown: all requests, in their order; or only the lines of one of the files. `refused` are the
 * lines of an input that was refused.
 */
export const VIEWS = ['all', 'succeeded', 'failed', 'refused'] as const;
export type View = (typeof VIEWS)[number];

export type FileName = 'input' | 'results' | 'errors' | 'refused';

/** The files of a batch that are there. Each is in the order of the input. */
export type RowFiles = { readonly [Name in FileName]?: LineFile };

/** Where a walk is, in bytes of each file: the next one goes on there. */
export type Place = { readonly [Name in FileName]?: number };

/** A request with its row, or one of the two. */
export interface WalkedRow {
  readonly request?: FileLine | undefined;
  readonly row?: { readonly file: FileName; readonly line: FileLine } | undefined;
  /** Set if its request was not looked for to the end, because that would have taken too long. */
  readonly isRequestAhead?: true | undefined;
}

/** How far behind the next row that of a request may be, if a file is damaged. */
const LINES_AHEAD = 64;
const BYTES_AHEAD = 4 * 1024 * 1024;

/** Lines of the input that are passed over between two looks at the clock. */
const LINES_PER_LOOK = 500;

const FILES: Readonly<Record<View, readonly FileName[]>> = {
  all: ['input', 'results', 'errors'],
  succeeded: ['input', 'results'],
  failed: ['input', 'errors'],
  refused: ['refused'],
};
/** The file whose lines are the rows of a view. */
export const SPINES = { succeeded: 'results', failed: 'errors', refused: 'refused' } as const;

/**
 * Walks through the requests of a batch and their rows from any place, in constant memory. Each request
 * has its row at one of two places, because all files are in the order of the input. A merge throws at a
 * line that breaks this; here, such a line comes by itself, and the walk goes on.
 */
export class RowWalk {
  readonly #readers: { readonly [Name in FileName]?: LineReader };
  readonly #all: readonly LineReader[];
  readonly #view: View;
  readonly #isLate: () => boolean;
  #isRequestAhead = false;

  /** @param isLate whether it should no longer look for requests that are far ahead */
  constructor(
    files: RowFiles,
    { view, from = {}, isLate }: { view: View; from?: Place; isLate: () => boolean },
  ) {
    const reader = (name: FileName) =>
      files[name] && FILES[view].includes(name) && new LineReader(files[name], from[name]);
    this.#readers = omitUndefined({
      input: reader('input') || undefined,
      results: reader('results') || undefined,
      errors: reader('errors') || undefined,
      refused: reader('refused') || undefined,
    });
    this.#all = Object.values(this.#readers);
    this.#view = view;
    this.#isLate = isLate;
  }

  /** Where the next row begins. */
  get place(): Place {
    const { input, results, errors, refused } = this.#readers;
    return omitUndefined({
      input: input?.position,
      results: results?.position,
      errors: errors?.position,
      refused: refused?.position,
    });
  }

  /** Whether there is no further row. */
  async isOver(): Promise<boolean> {
    if (this.#view !== 'all') {
      const spine = this.#readers[SPINES[this.#view]];
      await spine?.load();
      return spine?.isOver ?? true;
    }
    await this.#load();
    return this.#all.every(({ isOver }) => isOver);
  }

  /** The next request with its row. Undefined if there is none. */
  async next(): Promise<WalkedRow | undefined> {
    return this.#view === 'all' ? this.#nextRequest() : this.#nextRow(SPINES[this.#view]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((reader) => reader.close()));
  }

  /** Sees to it that each file has its next line in memory. */
  async #load(): Promise<void> {
    const waiting = this.#all.filter(({ head, isOver }) => head === undefined && !isOver);
    if (waiting.length > 0) await Promise.all(waiting.map((reader) => reader.load()));
  }

  async #nextRequest(): Promise<WalkedRow | undefined> {
    const { input } = this.#readers;
    await this.#load();
    const request = input?.head;
    // What is left belongs to no request that is there.
    if (request === undefined) return this.#takeRow('results') ?? this.#takeRow('errors');
    const found = await this.#rowOf(request);
    if (found && !found.isNext) return this.#takeRow(found.file);
    input?.take();
    return { request, ...(found && this.#takeRow(found.file)) };
  }

  /** The file with the row of a request, and whether the row is the next one there. */
  async #rowOf({ customId }: FileLine): Promise<{ file: FileName; isNext: boolean } | undefined> {
    if (customId === undefined) return undefined;
    const rows = (['results', 'errors'] as const).flatMap((file) => {
      const reader = this.#readers[file];
      return reader?.head ? [{ file, reader, head: reader.head }] : [];
    });
    const next = rows.find(({ head }) => head.customId === customId);
    if (next) return { file: next.file, isNext: true };
    for (const { file, reader } of rows)
      if (await reader.isAhead(customId, LINES_AHEAD, BYTES_AHEAD)) return { file, isNext: false };
    if (!this.#readers.results || !this.#readers.errors) return undefined;
    // Every request has a row, so one that does not say whose it is belongs to this one.
    const nameless = rows.find(({ head }) => head.customId === undefined);
    return nameless && { file: nameless.file, isNext: true };
  }

  /** Takes the next row of a file, if there is one. */
  #takeRow(file: FileName): Pick<WalkedRow, 'row'> | undefined {
    const reader = this.#readers[file];
    const line = reader?.head;
    if (line === undefined) return undefined;
    reader?.take();
    return { row: { file, line } };
  }

  async #nextRow(file: FileName): Promise<WalkedRow | undefined> {
    await this.#readers[file]?.load();
    const taken = this.#takeRow(file);
    const { customId } = taken?.row?.line ?? {};
    if (taken === undefined || customId === undefined) return taken;
    const request = await this.#requestOf(customId);
    return { ...taken, request, ...(!request && this.#isRequestAhead && { isRequestAhead: true }) };
  }

  async #requestOf(customId: string): Promise<FileLine | undefined> {
    const { input } = this.#readers;
    if (input === undefined || this.#isRequestAhead) return undefined;
    for (let passed = 1; ; passed++) {
      if (!input.head) await input.load();
      const { head } = input;
      if (head === undefined) return undefined;
      input.take();
      if (head.customId === customId) return head;
      if (passed % LINES_PER_LOOK === 0 && this.#isLate()) {
        this.#isRequestAhead = true;
        return undefined;
      }
    }
  }
}
