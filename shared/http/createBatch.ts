import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { RefusedError } from '../batch/errors.ts';
import { fileKey, newApiId, ownObject } from '../batch/ids.ts';
import { USUAL_WINDOW } from '../batch/job.ts';
import { type AddMessage, addMessageSchema, s3Url } from '../batch/messages.ts';
import type { Batch } from '../batch/record.ts';
import { repeatRecords } from '../stores/repeatRecords.ts';
import { add } from '../usecases/intake/add.ts';
import { ApiError } from './apiError.ts';
import { chooseProvider, type NamedProvider, PROVIDER_METADATA } from './chooseProvider.ts';
import { keepFor } from './deleteFile.ts';
import { expiresAfterSchema } from './expiresAfter.ts';
import { findUpload } from './findFile.ts';
import { readJson } from './jsonBody.ts';
import { ownedBy } from './ownership.ts';
import type { Caller, HttpPorts } from './ports.ts';
import type { HttpContext } from './routes.ts';

const { shape } = addMessageSchema;

/** `CreateBatchRequest` of OpenAI's API description, and `provider`. */
const createSchema = z.strictObject({
  input_file_id: z.string(),
  endpoint: shape.endpoint.unwrap(),
  completion_window: z.string(),
  metadata: shape.metadata,
  output_expires_after: expiresAfterSchema.optional(),
  /** Names the provider entry. Default: see `chooseProvider`. */
  provider: z.string().optional(),
});
type CreateRequest = z.infer<typeof createSchema>;

/**
 * Creates a batch by the same use case as a message does. A request that is repeated, by its
 * `Idempotency-Key` or by an SDK that says so, gives the batch of its first try.
 *
 * @throws ApiError
 */
export async function createBatch(ports: HttpPorts, context: HttpContext): Promise<Batch> {
  const caller = context.get('caller');
  const { value: request, text } = await readJson(context, createSchema);
  const batchId = await batchIdOf(ports, caller, context, text);
  const existing = await ports.batches.get(batchId);
  if (existing) return sameBatch(existing, caller, ports, request);
  const input = await findInput(ports, caller, request.input_file_id);
  const provider = await chooseProvider(ports, caller, { named: namedIn(request), input });
  await checkWindow(ports, provider, request.completion_window);
  if (!(await keepFor(ports, request.input_file_id, batchId)))
    throw noSuchFile(request.input_file_id);
  try {
    await add(ports, addMessageOf(ports, caller, request, { batchId, provider }), batchId);
  } catch (error) {
    throw refusedField(error);
  }
  const created = await ports.batches.get(batchId);
  if (!created) throw new Error(`batch ${batchId} was created and is gone`);
  // Another request with this key may have come first.
  return sameBatch(created, caller, ports, request);
}

function namedIn({ provider, metadata }: CreateRequest): NamedProvider | undefined {
  if (provider !== undefined) return { name: provider, param: 'provider' };
  const name = metadata[PROVIDER_METADATA];
  return name === undefined ? undefined : { name, param: `metadata.${PROVIDER_METADATA}` };
}

/** The id of the batch: by it, the repetition of a request finds the batch of its first try. */
async function batchIdOf(
  { items, chance, clock }: Pick<HttpPorts, 'items' | 'chance' | 'clock'>,
  { keyId, tenant = '' }: Caller,
  context: HttpContext,
  text: string,
): Promise<string> {
  const key = context.req.header('idempotency-key');
  if (key) return `batch_${base36(hashOf(tenant, keyId, key))}`;
  const isRepeat = Number(context.req.header('x-stainless-retry-count')) > 0;
  const batchId = newApiId('batch', (max) => chance.randomInt(max));
  const fingerprint = hashOf(tenant, keyId, text).toString('hex');
  return repeatRecords(items).batchIdOf(fingerprint, { isRepeat, batchId, now: clock.now() });
}

/** As JSON, so that no two lists of texts are the same text. */
function hashOf(...texts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(texts)).digest();
}

/** 24 characters of a-z0-9: the lower 124 bits of the hash. */
function base36(hash: Buffer): string {
  const text = BigInt(`0x${hash.toString('hex')}`).toString(36);
  return text.padStart(24, '0').slice(-24);
}

/** @throws ApiError 400 */
async function findInput(ports: HttpPorts, caller: Caller, fileId: string) {
  const file = await findUpload(ports, caller, fileId);
  if (file) return { key: fileKey(fileId), bytes: file.bytes };
  throw noSuchFile(fileId);
}

function noSuchFile(fileId: string): ApiError {
  const message = `No such File object: ${fileId.slice(0, 100)}`;
  return new ApiError(400, message, { code: 'file_not_found', param: 'input_file_id' });
}

/** @throws ApiError 400 naming the windows that the entry takes */
async function checkWindow(
  { providers }: Pick<HttpPorts, 'providers'>,
  provider: string,
  window: string,
): Promise<void> {
  const { takesWindow } = await providers.describe(provider);
  const isTaken = takesWindow
    ? shape.completionWindow.safeParse(window).success
    : window === USUAL_WINDOW;
  if (isTaken) return;
  const allowed = takesWindow ? 'hours or days, such as 24h or 7d' : USUAL_WINDOW;
  const shown = JSON.stringify(window.slice(0, 100));
  const message = `completion_window is ${shown}: provider ${provider} takes ${allowed}`;
  throw new ApiError(400, message, { code: 'invalid_value', param: 'completion_window' });
}

function addMessageOf(
  { objects }: Pick<HttpPorts, 'objects'>,
  { tenant }: Caller,
  request: CreateRequest,
  { batchId, provider }: { readonly batchId: string; readonly provider: string },
): AddMessage {
  const { input_file_id, endpoint, completion_window: completionWindow, metadata } = request;
  return {
    ...addMessageSchema.parse({ provider, endpoint, completionWindow, metadata, tenant }),
    batchId,
    file: s3Url(ownObject(objects, fileKey(input_file_id))),
    outputLifeSeconds: request.output_expires_after?.seconds,
  };
}

/** @throws ApiError 409 if the batch was created by a request that asked for something else */
function sameBatch(
  batch: Batch,
  caller: Caller,
  { objects }: Pick<HttpPorts, 'objects'>,
  request: CreateRequest,
): Batch {
  const { source, endpoint, completionWindow, metadata, outputLifeSeconds, providers } = batch.spec;
  const isSame =
    ownedBy(caller, batch.spec) &&
    source.key === ownObject(objects, fileKey(request.input_file_id)).key &&
    endpoint === request.endpoint &&
    completionWindow === request.completion_window &&
    outputLifeSeconds === request.output_expires_after?.seconds &&
    isDeepStrictEqual({ ...metadata }, { ...request.metadata }) &&
    (request.provider ?? providers[0]) === providers[0];
  if (isSame) return batch;
  throw keyInUse();
}

function keyInUse(): ApiError {
  const message =
    'This Idempotency-Key was used for a request with another body: use a new key for a new batch';
  return new ApiError(409, message, { type: 'idempotency_error', code: 'idempotency_key_in_use' });
}

/** The fields of the request that the use case refuses, by its codes. */
const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  no_such_file: 'input_file_id',
  unsupported_endpoint: 'endpoint',
  record_too_large: 'metadata',
};

function refusedField(error: unknown): unknown {
  if (!(error instanceof RefusedError)) return error;
  const { code, message } = error.reason;
  // Two requests with one key came at the same time, with different files.
  if (code === 'batch_exists') return keyInUse();
  return new ApiError(400, message, { code, param: REFUSED_FIELDS[code] });
}
