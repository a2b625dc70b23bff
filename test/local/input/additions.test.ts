import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAdditions } from '../../../local/additions.ts';
import { BATCH_ID_PATTERN } from '../../../shared/batch/ids.ts';
import { newBatchId } from '../../../shared/client/addBatch.ts';
import { temporaryDirectory } from '../fixtures/toyStack.ts';

test.each([
  ['requests.jsonl', /^requests-[a-z0-9]{6}$/],
  ['/a/b/my file (2).jsonl', /^my-file-2--[a-z0-9]{6}$/],
  ['.hidden', /^hidden-[a-z0-9]{6}$/],
  ['übung.json', /^bung-[a-z0-9]{6}$/],
  ['日本.jsonl', /^batch-[a-z0-9]{6}$/],
  [`${'long'.repeat(50)}.jsonl`, /^(long)+(lo)?-[a-z0-9]{6}$/],
])('the id of %s', (file, pattern) => {
  const id = newBatchId(file);

  expect(id).toMatch(pattern);
  expect(id).toMatch(BATCH_ID_PATTERN);
});

test('a file is known again by the next run, until it changes', async () => {
  // Prepare
  const directory = temporaryDirectory();
  const list = join(directory, 'added.json');
  const file = join(directory, 'input.jsonl');
  writeFileSync(file, '{}\n');

  // Act
  const { batchId } = await openAdditions(list).begin(file);
  openAdditions(list).markSent(batchId, 'message-1');

  // Assess
  const next = openAdditions(list);
  writeFileSync(file, '{}\n');
  expect(await next.find(file)).toMatchObject({ batchId, file, messageId: 'message-1' });
  appendFileSync(file, '{}\n');
  expect(await next.find(file)).toBeUndefined();
});
