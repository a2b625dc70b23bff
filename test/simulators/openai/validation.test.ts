import { expect, test } from 'vitest';
import { chatRequest, world } from './world.ts';

const good = chatRequest('good');

test.each([
  ['invalid_json_line', 2, [good, '{"custom_id": ']],
  ['invalid_json_line', 2, [good, '']],
  ['invalid_json_line', 1, [`\uFEFF${JSON.stringify(good)}`]],
  ['duplicate_custom_id', 3, [good, chatRequest('other'), good]],
  ['mismatched_model', 2, [good, chatRequest('other', { model: 'gpt-4o' })]],
  ['invalid_url', 2, [good, { ...chatRequest('other'), url: '/v1/embeddings' }]],
  ['invalid_method', 2, [good, { ...chatRequest('other'), method: 'GET' }]],
  ['missing_required_parameter', 2, [good, { ...good, custom_id: undefined }]],
  ['missing_required_parameter', 1, [chatRequest('first', { model: undefined })]],
  ['empty_file', null, []],
])('%s at line %o', async (code, line, lines) => {
  const { job, after } = await world();
  const failed = await after((await job(lines)).id, 0.2);
  expect(failed).toMatchObject({ status: 'failed', errors: { data: [{ code, line }] } });
});

test('too many requests', async () => {
  const { job, after } = await world();
  const lines = Array.from({ length: 50_001 }, (_, i) => JSON.stringify(chatRequest(`${i}`)));
  const failed = await after((await job(lines)).id, 0.2);
  expect(failed.errors?.data?.[0]?.code).toBe('too_many_tasks');
});

test('CRLF, U+2028 in a string and no newline at the end are fine', async () => {
  const { job, end, rows } = await world();
  const lines = [
    `${JSON.stringify(chatRequest('carriage'))}\r`,
    JSON.stringify(chatRequest('separator\u2028inside')),
  ];
  const batch = await end((await job([lines.join('\n')])).id);
  const ids = (await rows(batch.output_file_id)).map((row) => row.custom_id);
  expect(ids.toSorted()).toEqual(['carriage', 'separator\u2028inside']);
});
