import type { ScratchFile } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';
import { customIdOf, type Line, lineGroups } from './lines.ts';
import { classifyRow, parseRow } from './rows.ts';
import { lineSink } from './sink.ts';

/** Three files in one order: the requests, and the rows of those that have one. */
export interface RowSources {
  readonly input: AsyncIterable<Uint8Array>;
  readonly results?: AsyncIterable<Uint8Array> | undefined;
  readonly errors?: AsyncIterable<Uint8Array> | undefined;
}

/** A request with its row, if it has one yet. */
export interface JoinedRow {
  readonly customId: string;
  readonly request: Buffer;
  readonly result?: Buffer | undefined;
  readonly error?: Buffer | undefined;
}

/**
 * Joins requests with their rows by `custom_id`, in constant memory: all three files are in the
 * order of the input, so the next row is of this request or of a later one. Yields those of a chunk
 * together, because an await per request would cost more than the request.
 *
 * @throws Error if a row belongs to no request that follows
 */
export async function* joinedGroups(sources: RowSources): AsyncGenerator<readonly JoinedRow[]> {
  const results = new Heads(sources.results);
  const errors = new Heads(sources.errors);
  try {
    for await (const group of lineGroups(sources.input)) {
      const joined: JoinedRow[] = [];
      for (const { bytes } of group) {
        const customId = customIdOf(bytes);
        // Awaited only when a file has to be read on: most heads are in memory.
        const result = results.isLoaded ? results.take(customId) : await results.read(customId);
        const error = errors.isLoaded ? errors.take(customId) : await errors.read(customId);
        joined.push({ customId, request: bytes, result, error });
      }
      yield joined;
    }
    await results.expectEnd('results');
    await errors.expectEnd('errors');
  } finally {
    // Whoever stops early would leave their connections open.
    await results.close();
    await errors.close();
  }
}

/** The same, request by request. */
export async function* joinRows(sources: RowSources): AsyncGenerator<JoinedRow> {
  for await (const group of joinedGroups(sources)) yield* group;
}

/** A file of rows, seen through its next row. */
class Heads {
  readonly #groups: AsyncGenerator<readonly Line[]> | undefined;
  #lines: readonly Line[] = [];
  #next = 0;
  #head: { readonly customId: string; readonly bytes: Buffer } | undefined;
  #isOver = false;

  constructor(source: AsyncIterable<Uint8Array> | undefined) {
    this.#groups = source && lineGroups(source);
    this.#isOver = source === undefined;
  }

  /** Whether the next row is known, or that there is none. */
  get isLoaded(): boolean {
    return this.#head !== undefined || this.#isOver;
  }

  /** The next row if it is of this request. */
  take(customId: string): Buffer | undefined {
    if (this.#head?.customId !== customId) return undefined;
    const { bytes } = this.#head;
    this.#advance();
    return bytes;
  }

  async read(customId: string): Promise<Buffer | undefined> {
    await this.#load();
    return this.take(customId);
  }

  async expectEnd(name: string): Promise<void> {
    await this.#load();
    if (!this.#head) return;
    const { customId } = this.#head;
    throw new Error(`${name} has a row for ${customId}, which is not where the input has it`);
  }

  async close(): Promise<void> {
    await this.#groups?.return(undefined);
  }

  async #load(): Promise<void> {
    while (!this.isLoaded) {
      const group = await this.#groups?.next();
      if (group === undefined || group.done === true) {
        this.#isOver = true;
        return;
      }
      this.#lines = group.value;
      this.#next = 0;
      this.#advance();
    }
  }

  #advance(): void {
    const line = this.#lines[this.#next];
    this.#next += 1;
    this.#head = line && { customId: customIdOf(line.bytes), bytes: line.bytes };
  }
}

export type Selection = Batch['selection'];

/** Whether a request goes into the next job: never one that has succeeded. */
export function isSelected({ result, error }: JoinedRow, selection: Selection): boolean {
  if (result) return false;
  if (!error || selection === 'unsucceeded') return true;
  return classifyRow(parseRow(error)) === 'unfinished';
}

/**
 * Writes the requests of the next job to a file on disk, with one LF after each.
 *
 * @returns how many there are
 */
export async function selectRequests(
  sources: RowSources,
  selection: Selection,
  file: ScratchFile,
): Promise<{ readonly requests: number }> {
  const sink = lineSink(file);
  let requests = 0;
  for await (const group of joinedGroups(sources)) {
    for (const row of group) {
      if (!isSelected(row, selection)) continue;
      requests += 1;
      if (sink.add(row.request)) await sink.flush();
    }
  }
  await sink.close();
  return { requests };
}
