import { ClientError } from '../../client/clientError.ts';
import { streamOf } from '../../http/byteStream.ts';
import { csvLine } from '../csv.ts';
import type { BatchFiles } from './batchFiles.ts';
import type { LineFile } from './lineReader.ts';
import { passagesOfAnswer, textOf } from './readable.ts';
import { type FileName, RowWalk, SPINES, type View, type WalkedRow } from './rowWalk.ts';
import { factsOf, parsed } from './shownRow.ts';

/** `jsonl`: the lines as they are in the files. */
export const FORMATS = ['jsonl', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

const TYPES: Readonly<Record<Format, string>> = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
};

/**
 * The rows of a view as a file, streamed as fast as it is taken. Of all requests, JSONL has those that
 * succeeded before the others, as the files have them; CSV has them in the order of the input.
 *
 * @throws ClientError `no_rows`
 */
export function rowsDownload(found: BatchFiles, view: View, format: Format): Response {
  const { batch, files } = found;
  const names: readonly FileName[] = view === 'all' ? ['results', 'errors'] : [SPINES[view]];
  for (const name of names) requireFile(found, name);
  const content = format === 'csv' ? csvOf(files, view) : joined(names.map((name) => files[name]));
  return download(content, `${batch.batchId}-${view}.${format}`, TYPES[format]);
}

/**
 * One line of a file.
 *
 * @param at position of its first byte
 * @throws ClientError `no_rows`
 */
export function lineDownload(found: BatchFiles, name: FileName, at: number): Response {
  const file = requireFile(found, name);
  if (at < file.start || at >= file.end)
    throw new ClientError('no_rows', `the file has no byte ${at}: reload the page`);
  const content = lineAt(file, at);
  return download(content, `${found.batch.batchId}-${name}-${at}.json`, TYPES.jsonl);
}

const WHAT: Readonly<Record<FileName, string>> = {
  input: 'requests',
  results: 'results',
  errors: 'errors',
  refused: 'refused lines',
};

function requireFile({ batch, files, states }: BatchFiles, name: FileName): LineFile {
  const file = files[name];
  if (file) return file;
  const what = `the ${WHAT[name]} of batch ${batch.batchId}`;
  const why =
    states[name] === 'expired'
      ? `${what} have expired and are deleted`
      : `there are no ${what.slice(4)} yet`;
  throw new ClientError('no_rows', why);
}

function download(content: AsyncIterable<Uint8Array>, name: string, type: string): Response {
  // Ids of batches are plain; only that of a part has a slash.
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '-');
  const headers = {
    'content-type': type,
    // Users and models write what is in the file: a browser must save it, and never show it as a page.
    'content-disposition': `attachment; filename="${safe}"`,
    'x-content-type-options': 'nosniff',
  };
  return new Response(streamOf(content), { headers });
}

async function* joined(files: readonly (LineFile | undefined)[]): AsyncGenerator<Uint8Array> {
  for (const file of files)
    if (file && file.end > file.start) yield* file.read({ start: file.start, end: file.end });
}

const LF = 0x0a;

async function* lineAt(file: LineFile, at: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of file.read({ start: at, end: file.end })) {
    const end = chunk.indexOf(LF);
    yield end === -1 ? chunk : chunk.subarray(0, end + 1);
    if (end !== -1) return;
  }
}

/** The columns of the CSV. */
const COLUMNS = [
  'custom_id',
  'status',
  'error_code',
  'error_message',
  'answer',
  'input_tokens',
  'output_tokens',
];
const CSV_CHUNK_CHARACTERS = 64 * 1024;

async function* csvOf(files: BatchFiles['files'], view: View): AsyncGenerator<Uint8Array> {
  // The rows of one file need no requests.
  const { input: _, ...rows } = files;
  const walk = new RowWalk(view === 'all' ? files : rows, { view, isLate: () => false });
  try {
    let text = csvLine(COLUMNS);
    for (let walked = await walk.next(); walked; walked = await walk.next()) {
      text += csvLine(cellsOf(walked));
      if (text.length < CSV_CHUNK_CHARACTERS) continue;
      yield Buffer.from(text);
      text = '';
    }
    yield Buffer.from(text);
  } finally {
    await walk.close();
  }
}

function cellsOf({ request, row: found }: WalkedRow): readonly (string | number)[] {
  const customId = request?.customId ?? found?.line.customId ?? '';
  if (found === undefined) return [customId, 'no row', '', '', '', '', ''];
  const { file, line } = found;
  const row = parsed(line);
  if (row === undefined) {
    const status = file === 'results' ? 'succeeded' : 'failed';
    const why = line.isCut ? 'the row is too long for a CSV' : 'the row cannot be read';
    return [
      customId,
      status,
      'unreadable_row',
      `${why}: its ${line.size} bytes are in the JSONL`,
      '',
      '',
      '',
    ];
  }
  const { outcome, code = '', message = '', usage } = factsOf(row, file);
  const answer = textOf(passagesOfAnswer(row));
  const tokens = [usage?.inputTokens ?? '', usage?.outputTokens ?? ''];
  return [customId, outcome, code, message, answer, ...tokens];
}
