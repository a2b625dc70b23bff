import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { chatRequests, world } from './world.ts';

const CONTRACT = join(
  import.meta.dirname,
  '../../../../../shared/contracts/openai-batch.openapi.json',
);
const exists = existsSync(CONTRACT);
if (!exists) process.stdout.write(`contract test skipped: there is no ${CONTRACT}\n`);

test.skipIf(!exists)('every kind of response has the shape of the API description', async () => {
  // Prepare
  const check = checker();
  const { simulator, client, upload, job, after, end, rows, dataDir } = await world({
    plan: ['partial', 'failed_quota', 'expired', 'stuck', 'lost_reply', 'all_errors'],
  });
  expect(dataDir).not.toBe('');
  const get = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: 'Bearer sk-test' };
    const response = await fetch(`${simulator.url}${path}`, { ...init, headers });
    return response.json();
  };
  const retrieve = (id: string) => get(`/batches/${id}`);
  const metadata = { batch_id: 'one' };

  // Act and assess
  check('ListFilesResponse', await get('/files'));
  check('ListBatchesResponse', await get('/batches'));
  const file = await upload(chatRequests(1));
  check('OpenAIFile', await get(`/files/${file.id}`));
  check('DeleteFileResponse', await get(`/files/${file.id}`, { method: 'DELETE' }));
  check('ErrorResponse', await get(`/files/${file.id}`));

  const partial = await job(chatRequests(20), metadata);
  for (const share of [0, 0.5, 0.45, 0.5]) {
    await after(partial.id, share);
    check('Batch', await retrieve(partial.id));
  }
  for (const status of ['failed', 'expired']) {
    const { id } = await job(chatRequests(3), metadata);
    expect((await end(id)).status).toBe(status);
    check('Batch', await retrieve(id));
  }
  const stuck = await job(chatRequests(3), metadata);
  await after(stuck.id, 0.5);
  check('Batch', await get(`/batches/${stuck.id}/cancel`, { method: 'POST' }));
  await end(stuck.id);
  check('Batch', await retrieve(stuck.id));
  check('ListBatchesResponse', await get('/batches?limit=2'));
  check('ListFilesResponse', await get('/files'));
  check('ErrorResponse', await get('/batches', { method: 'POST' }));

  const { output_file_id, error_file_id } = await client.batches.retrieve(partial.id);
  for (const row of await rows(output_file_id))
    check('CreateChatCompletionResponse', row.response.body);
  for (const row of await rows(error_file_id)) check('ErrorResponse', row.response.body);
});

test.skipIf(!exists)('embeddings have the shape of the API description', async () => {
  const check = checker();
  const { client, upload, after, end, rows } = await world();
  const url = '/v1/embeddings';
  const body = { model: 'text-embedding-3-small', input: ['one', 'two'] };
  const file = await upload([{ custom_id: 'one', method: 'POST', url, body }]);
  const batch = await client.batches.create({
    input_file_id: file.id,
    endpoint: url,
    completion_window: '24h',
  });
  await after(batch.id, 0);
  const [row] = await rows((await end(batch.id)).output_file_id);
  check('CreateEmbeddingResponse', row.response.body);
});

/** Asserts that a value has the shape of a named schema, and no field that the schema lacks. */
function checker() {
  const contract = JSON.parse(readFileSync(CONTRACT, 'utf8'));
  // An API description has keywords and formats that are not JSON Schema's.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(contract, 'contract');
  return (schema: string, value: unknown) => {
    const validate = ajv.getSchema(`contract#/components/schemas/${schema}`);
    if (!validate) throw new Error(`${CONTRACT} has no schema ${schema}`);
    validate(value);
    expect({ schema, errors: validate.errors ?? [], value }).toEqual({ schema, errors: [], value });
    const known = contract.components.schemas[schema].properties;
    expect(Object.keys(known)).toEqual(expect.arrayContaining(Object.keys(value as object)));
  };
}
