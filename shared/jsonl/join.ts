import type { Selection } from '../batch/ledger.ts';
import type { ScratchFile } from '../batch/ports.ts';
import { customIdOf, type Line, lineGroups, lineSink } from './lines.ts';
import { classifyRow, parseRow } from './rows.ts';

/** Three files in the order of the input: the requests, their results and their errors. */
export interface RowSources {
  readonly input: AsyncIterable<Uint8Array>;
  readonly results?: AsyncIterable<Uint8Array> | undefined;
  readonly errors?: AsyncIterable<Uint8Array> | undefined;
}

/** A request with its row, if it has one. */
export interface JoinedRow {
  readonly customId: string;
  readonly request: Buffer;
  readonly result?: Buffer | undefined;
  readonly error?: Buffer | undefined;
}

/**
 * Joins requests with their rows by `custom_id`, in constant memory: all three files are in the
 * order of the input, so the next row belongs to this request or to a later one. Yields the
 * requests of a chunk together, because an await per request would cost more than the request.
 *
 * @throws Error if a row belongs to none of the requests that follow
 */
export function joinedGroups(sources: RowSources): AsyncGenerator<readonly JoinedRow[]> {
  return joinGroups(
    sources,
    lineGroups(sources.input),
    ({ bytes }) => customIdOf(bytes),
    (customId, { bytes }, result, error) => ({ customId, request: bytes, result, error }),
  );
}

/** A request by its id, with the row that it has had so far. */
export type KnownRow = Omit<JoinedRow, 'request'>;

/** The ids of the requests, in the order of the input, and the rows that they have had so far. */
export interface IdSources extends Pick<RowSources, 'results' | 'errors'> {
  readonly ids: AsyncIterable<readonly string[]>;
}

/** Like `joinedGroups`, without the requests. */
export function joinedIds(sources: IdSources): AsyncGenerator<readonly KnownRow[]> {
  return joinGroups(
    sources,
    sources.ids,
    (customId) => customId,
    (customId, _, result, error) => ({ customId, result, error }),
  );
}

type Row = Buffer | undefined;

async function* joinGroups<Request, Joined>(
  sources: Pick<RowSources, 'results' | 'errors'>,
  requests: AsyncIterable<readonly Request[]>,
  idOf: (request: Request) => string,
  joinedOf: (customId: string, request: Request, result: Row, error: Row) => Joined,
): AsyncGenerator<readonly Joined[]> {
  const results = new RowReader(sources.results);
  const errors = new RowReader(sources.errors);
  try {
    for await (const group of requests) {
      const joined: Joined[] = [];
      for (const request of group) {
        const customId = idOf(request);
        // Awaited only when more of a file must be read: most rows are in memory.
        const result = results.isLoaded ? results.take(customId) : await results.read(customId);
        const error = errors.isLoaded ? errors.take(customId) : await errors.read(customId);
        joined.push(joinedOf(customId, request, result, error));
      }
      yield joined;
    }
    await results.expectEnd('results');
    await errors.expectEnd('errors');
  } finally {
    // Closes the connections of a caller that stops early.
    await results.close();
    await errors.close();
  }
}

/** Like `joinedGroups`, but yields one request at a time. */
export async function* joinRows(sources: RowSources): AsyncGenerator<JoinedRow> {
  for await (const group of joinedGroups(sources)) yield* group;
}

/** Reads a file of rows one row ahead. */
class RowReader {
  readonly #groups: AsyncGenerator<readonly Line[]> | undefined;
  #lines: readonly Line[] = [];
  #next = 0;
  #head: { readonly customId: string; readonly bytes: Buffer } | undefined;
  #hasEnded = false;

  constructor(source: AsyncIterable<Uint8Array> | undefined) {
    this.#groups = source && lineGroups(source);
    this.#hasEnded = source === undefined;
  }

  /** Whether the next row is in memory, or the file has ended. */
  get isLoaded(): boolean {
    return this.#head !== undefined || this.#hasEnded;
  }

  /** Takes the next row if it belongs to this request. */
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
        this.#hasEnded = true;
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

/** Whether the next job includes a request. It never includes one that has succeeded. */
export function isSelected({ result, error }: KnownRow, selection: Selection): boolean {
  if (result) return false;
  if (!error || selection === 'unsucceeded') return true;
  return classifyRow(parseRow(error)) === 'unfinished';
}

/**
 * Writes the requests of the next job to a file on disk, with one LF after each.
 *
 * @param change of each line. Default: the bytes stay the same
 * @returns the number of requests
 */
export async function selectRequests(
  sources: RowSources,
  selection: Selection,
  file: ScratchFile,
  change: (line: Buffer) => Buffer = (line) => line,
): Promise<{ readonly requests: number }> {
  const sink = lineSink(file);
  let requests = 0;
  for await (const group of joinedGroups(sources)) {
    for (const row of group) {
      if (!isSelected(row, selection)) continue;
      requests += 1;
      if (sink.add(change(row.request))) await sink.flush();
    }
  }
  await sink.close();
  return { requests };
}
