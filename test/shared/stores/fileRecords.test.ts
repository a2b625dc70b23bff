import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../inProcess/database.ts';
import { sqliteTable } from '../../../inProcess/sqliteTable.ts';
import { type FilePlace, newFile } from '../../../shared/batch/file.ts';
import { fileStore } from '../../../shared/stores/fileRecords.ts';

function store() {
  const directory = mkdtempSync(join(tmpdir(), 'file-records-'));
  const database = openDatabase(directory);
  onTestFinished(() => {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return fileStore(sqliteTable(database));
}

function file(fileId: string, createdAt: number, tenant?: string) {
  const given = {
    fileId,
    filename: 'a.jsonl',
    bytes: 5,
    purpose: 'batch',
    tenant,
    lifeSeconds: 60,
  };
  return newFile(given, createdAt);
}

test('each tenant has a list of its own, from the newest or the oldest, page by page', async () => {
  const files = store();
  for (const [id, at, tenant] of [
    ['file-a', 1, undefined],
    ['file-b', 2, 'red'],
    ['file-c', 3, 'red'],
    ['file-d', 4, 'red'],
  ] as const)
    await files.create(file(id, at, tenant));
  const idsOf = async (isNewestFirst: boolean, tenant?: string, after?: FilePlace, limit = 2) => {
    const page = await files.list({ tenant, isNewestFirst, after, limit });
    return [...page.files.map(({ fileId }) => fileId), page.next?.fileId];
  };

  expect(await idsOf(true, 'red')).toEqual(['file-d', 'file-c', 'file-c']);
  expect(await idsOf(false, 'red', { fileId: 'file-b', createdAt: 2 }, 5)).toEqual([
    'file-c',
    'file-d',
    undefined,
  ]);
  expect(await idsOf(true, undefined, undefined, 5)).toEqual(['file-a', undefined]);
  expect(await idsOf(true, 'blue')).toEqual([undefined]);
});

test('a file that was deleted is in no list, its list goes on after it, and nothing revives it', async () => {
  const files = store();
  const [older, newer] = [file('file-a', 1), file('file-b', 2)];
  await files.create(older);
  await files.create(newer);

  expect(await files.markDeleted(newer)).toBe('written');

  const all = await files.list({ tenant: undefined, isNewestFirst: true, limit: 5 });
  expect(all.files).toEqual([older]);
  const rest = await files.list({ tenant: undefined, isNewestFirst: true, after: newer, limit: 5 });
  expect(rest.files).toEqual([older]);
  expect(await files.create(newer)).toBe('exists');
  expect(await files.get('file-b')).toMatchObject({ status: 'deleted', bytes: 5 });
});

test('a file without a record, such as the rows of a batch, can be deleted as well', async () => {
  const files = store();
  expect(await files.markDeleted(file('file-output-b1', 1))).toBe('written');
  expect(await files.get('file-output-b1')).toMatchObject({ status: 'deleted' });
});
