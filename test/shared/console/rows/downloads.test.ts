import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvLine } from '../../../../shared/console/csv.ts';
import { findFiles } from '../../../../shared/console/rows/batchFiles.ts';
import { lineDownload, rowsDownload } from '../../../../shared/console/rows/downloads.ts';
import type { View } from '../../../../shared/console/rows/rowWalk.ts';
import { batchInMemory, error, file, request, result } from './batchInMemory.ts';

const FILES = {
  input: file([request('a'), request('b'), request('=c'), request('d')]),
  results: file([result('a', 'one, "two"\nthree'), result('=c', '=HYPERLINK("x")')]),
  errors: file([error('b', 'content_policy', '-1'), error('d', 'batch_expired', 'late')]),
};

async function open(files: Parameters<typeof batchInMemory>[0] = FILES) {
  return findFiles(batchInMemory(files, { chunkBytes: 50 }).connection, 'b1');
}

it.each([
  ['all', FILES.results + FILES.errors],
  ['succeeded', FILES.results],
  ['failed', FILES.errors],
] as const)('JSONL of %s has the lines as they are', async (view, expected) => {
  const response = rowsDownload(await open(), view, 'jsonl');
  expect(await response.text()).toBe(expected);
  expect(response.headers.get('content-disposition')).toBe(
    `attachment; filename="b1-${view}.jsonl"`,
  );
});

const HEAD = 'custom_id,status,error_code,error_message,answer,input_tokens,output_tokens';
const A = 'a,succeeded,,,"one, ""two""\nthree",3,2';
const B = "b,failed,content_policy,'-1,,,";
const C = `'=c,succeeded,,,"'=HYPERLINK(""x"")",3,2`;
const D = 'd,unfinished,batch_expired,late,,,';

it.each<[View, readonly string[]]>([
  ['all', [A, B, C, D]],
  ['succeeded', [A, C]],
  ['failed', [B, D]],
])('CSV of %s has a line for each, and nothing that a spreadsheet runs', async (view, lines) => {
  const text = await rowsDownload(await open(), view, 'csv').text();
  expect(text).toBe([HEAD, ...lines, ''].join('\r\n'));
});

it('CSV says which rows cannot be read, and which requests have none', async () => {
  const found = await open({
    input: file([request('a'), request('b'), request('c')]),
    results: file(['{"custom_id":"a"', result('b')]),
    errors: '',
  });
  const [, a, , c] = (await rowsDownload(found, 'all', 'csv').text()).split('\r\n');
  expect(a).toBe(
    'a,succeeded,unreadable_row,the row cannot be read: its 16 bytes are in the JSONL,,,',
  );
  expect(c).toBe('c,no row,,,,,');
});

it('a cell is quoted as csv-stringify does it', () => {
  const cell = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n",a ') }));
  const options = { record_delimiter: '\r\n', escape_formulas: true, quoted_match: /[\r\n]/ };
  fc.assert(
    fc.property(fc.array(cell, { minLength: 2 }), (cells) => {
      expect(csvLine(cells)).toBe(stringify([cells], options));
    }),
  );
});

it('a line is downloaded alone, whatever is behind it', async () => {
  const found = await open();
  const at = Buffer.byteLength(file([error('b', 'content_policy', '-1')]));
  const response = lineDownload(found, 'errors', at);
  expect(await response.text()).toBe(file([error('d', 'batch_expired', 'late')]));
  expect(response.headers.get('content-disposition')).toContain(`"b1-errors-${at}.json"`);
  expect(() => lineDownload(found, 'errors', 10_000)).toThrow(/has no byte 10000/);
});

it('the name of a file has nothing of an id that could end it', async () => {
  const found = await open();
  const part = { ...found, batch: { ...found.batch, batchId: 'b1/2"\r\nx' } };
  const { headers } = rowsDownload(part, 'all', 'csv');
  expect(headers.get('content-disposition')).toBe('attachment; filename="b1-2---x-all.csv"');
});

it('files that have expired, or are not there yet, are said to be so', async () => {
  const found = await open({ input: FILES.input });
  expect(() => rowsDownload(found, 'failed', 'csv')).toThrow(
    'the errors of batch b1 have expired and are deleted',
  );
  expect(() => rowsDownload(found, 'refused', 'jsonl')).toThrow(/there are no refused lines/);
});
