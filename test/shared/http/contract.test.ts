import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { startApi } from './api.ts';

const CONTRACT = join(
  import.meta.dirname,
  '../../../../../shared/contracts/openai-batch.openapi.json',
);
const exists = existsSync(CONTRACT);
if (!exists) process.stdout.write(`contract of the HTTP API skipped: there is no ${CONTRACT}\n`);

test.skipIf(!exists)('every answer has the shape of the API description', async () => {
  const check = checker();
  const api = startApi({ wait: async () => api.workAll() });
  const get = async (what: string, body?: object) => {
    const answer = await api.call(what, body && { body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, unknown>;
  };

  check('ListFilesResponse', await get('GET /v1/files'));
  check('ListBatchesResponse', await get('GET /v1/batches'));
  check('ErrorResponse', await get('GET /v1/batches/x'));
  const batch = await api.addBatch(['a']);
  check('Batch', batch);
  check('OpenAIFile', await get(`GET /v1/files/${batch.input_file_id}`));
  await api.start();
  check('Batch', await get(`GET /v1/batches/${batch.id}`));
  for (const job of api.provider.jobs) api.provider.end(job, { kind: 'completed' }, () => SUCCESS);
  await api.sweep();
  await api.workAll();
  await api.settle();
  check('Batch', await get(`GET /v1/batches/${batch.id}`));
  check('OpenAIFile', await get(`GET /v1/files/file-output-${batch.id}`));
  const cancelled = await api.addBatch(['b']);
  await api.start();
  check('Batch', await get(`POST /v1/batches/${cancelled.id}/cancel`));
  await api.sweep();
  await api.sweep();
  await api.workAll();
  check('Batch', await get(`GET /v1/batches/${cancelled.id}`));
  check('ListBatchesResponse', await get('GET /v1/batches'));
  check('ListFilesResponse', await get('GET /v1/files'));
  check('DeleteFileResponse', await get(`DELETE /v1/files/${batch.input_file_id}`));

  const upload = { filename: 'x', purpose: 'batch', bytes: 1, mime_type: 'x' };
  const created = await get('POST /v1/uploads', upload);
  check('Upload', created);
  const data = new FormData();
  data.append('data', new File(['x'], 'p'));
  const answer = await api.call(`POST /v1/uploads/${created.id}/parts`, { body: data });
  const part = (await answer.json()) as { id: string };
  check('UploadPart', part);
  const parts = { part_ids: [part.id] };
  check('Upload', await get(`POST /v1/uploads/${created.id}/complete`, parts));
  const other = await get('POST /v1/uploads', upload);
  check('Upload', await get(`POST /v1/uploads/${other.id}/cancel`));
});

/** Asserts that a value has the shape of a named schema, and no field that the schema lacks. */
function checker() {
  // `nullable` is OpenAPI's, and ajv takes it only beside a type.
  const contract = JSON.parse(readFileSync(CONTRACT, 'utf8'), (key, value) =>
    key === 'nullable' ? undefined : value,
  );
  // An API description has keywords and formats that are not JSON Schema's.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(contract, 'contract');
  return (schema: string, value: object) => {
    const validate = ajv.getSchema(`contract#/components/schemas/${schema}`);
    if (!validate) throw new Error(`${CONTRACT} has no schema ${schema}`);
    validate(value);
    expect({ schema, errors: validate.errors ?? [], value }).toEqual({ schema, errors: [], value });
    const known = contract.components.schemas[schema].properties;
    const fields = Object.keys(value).filter((field) => field !== '_request_id');
    expect(Object.keys(known)).toEqual(expect.arrayContaining(fields));
  };
}
