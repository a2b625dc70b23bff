import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Addition, openAdditions, selectBatches } from '../../../local/additions.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import type { Status } from '../../../shared/batch/status.ts';
import { temporaryDirectory } from '../fixtures/toyStack.ts';

/** A table and a queue in memory, with the files and additions of a directory. */
function world() {
  const directory = temporaryDirectory();
  const additions = openAdditions(join(directory, 'added.json'));
  const statuses = new Map<string, Status>();
  const refused = new Map<string, string>();
  const added: string[] = [];
  const notes: string[] = [];
  const file = (name: string): string => {
    const path = join(directory, name);
    writeFileSync(path, '{}\n');
    return path;
  };
  const exampleFile = file('example.jsonl');
  const recordOf = (batchId: string): Batch | undefined => {
    const status = statuses.get(batchId);
    if (status === undefined) return undefined;
    const counts = { total: 0, succeeded: 0, failed: 0, unfinished: 0 };
    return { batchId, status, counts, attempt: 0, reasons: [] } as unknown as Batch;
  };
  const select = (files: readonly string[]) =>
    selectBatches({
      files,
      exampleFile,
      additions,
      refused,
      reader: {
        get: async (batchId) => recordOf(batchId),
        listUnfinished: async () =>
          [...statuses].filter(([, status]) => status !== 'completed').map(([id]) => id),
      },
      add: async ({ batchId }: Addition) => {
        added.push(batchId);
        return `message of ${batchId}`;
      },
      note: (text) => notes.push(text),
    });
  return { additions, statuses, refused, added, notes, file, select };
}

const ids = (batches: readonly { batchId: string }[]) => batches.map(({ batchId }) => batchId);

test('files become batches, each file once; without files it is the example', async () => {
  const { select, file, added } = world();

  const batches = await select([file('a.jsonl'), file('b.jsonl'), file('a.jsonl')]);
  const example = await world().select([]);

  expect(ids(batches)).toEqual([expect.stringMatching(/^a-/), expect.stringMatching(/^b-/)]);
  expect(batches[0]?.messageId).toBe(`message of ${batches[0]?.batchId}`);
  expect(added).toEqual(ids(batches));
  expect(ids(example)).toEqual([expect.stringMatching(/^example-/)]);
});

test('what is unfinished goes on, and is not added again', async () => {
  const { select, file, statuses, added } = world();
  const [first] = await select([file('a.jsonl')]);
  statuses.set(first?.batchId ?? '', 'running');
  statuses.set('sent-by-hand', 'queued');

  const again = await select([file('a.jsonl')]);
  const without = await select([]);

  expect(ids(again)).toEqual([first?.batchId, 'sent-by-hand']);
  expect(ids(without)).toEqual([first?.batchId, 'sent-by-hand']);
  expect(added).toEqual([first?.batchId]);
});

test('a batch that has ended or was refused is history', async () => {
  const { select, file, statuses, refused, added } = world();
  const [ended, put] = await select([file('a.jsonl'), file('b.jsonl')]);
  statuses.set(ended?.batchId ?? '', 'completed');
  refused.set(put?.messageId ?? '', 'why');

  const again = await select([file('a.jsonl'), file('b.jsonl')]);

  expect(added).toHaveLength(4);
  expect(ids(again)).toEqual(added.slice(2));
});

test('a batch whose message was never sent is sent by the next run, if its file is still there', async () => {
  const { select, file, additions, added, notes } = world();
  const begun = await additions.begin(file('a.jsonl'));
  const gone = await additions.begin(file('gone.jsonl'));
  rmSync(gone.file);

  const batches = await select([]);

  expect(ids(batches)).toEqual([begun.batchId]);
  expect(added).toEqual([begun.batchId]);
  expect(notes).toEqual([
    `${gone.batchId} was not added because ${gone.file} has changed or no longer exists`,
  ]);
});
