import type { StoredFile } from '../batch/file.ts';
import { apiIdPattern, BATCH_ID_PATTERN, fileKey, ownKeyOf, ownObject } from '../batch/ids.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import { fileStore } from '../stores/fileRecords.ts';
import { ApiError } from './apiError.ts';
import { ERRORS_PREFIX, INPUT_PREFIX, OUTPUT_PREFIX, rowKeys } from './batchObject.ts';
import { ownedBy } from './ownership.ts';
import type { Caller, HttpPorts } from './ports.ts';

/** A file that a caller may read, and where its content is. */
export interface FoundFile extends Omit<StoredFile, 'version' | 'status'> {
  /** Key of its object. */
  readonly key: string;
}

type FilePorts = Pick<HttpPorts, 'items' | 'batches' | 'objects' | 'clock' | 'policy'>;

/**
 * A file that was uploaded, or the input or rows of a batch.
 *
 * @throws ApiError 404 for one that does not exist, was deleted, has expired or is not the caller's:
 *   always the same; 404 with the code `input_expired` for the input of a batch of theirs that was removed
 */
export async function findFile(
  ports: FilePorts,
  caller: Caller,
  fileId: string,
): Promise<FoundFile> {
  const file = apiIdPattern('file').test(fileId)
    ? await findUpload(ports, caller, fileId)
    : await findBatchFile(ports, caller, fileId);
  if (file) return file;
  const message = `No such File object: ${fileId.slice(0, 120)}`;
  throw new ApiError(404, message, { param: 'id' });
}

/** @returns undefined for one that does not exist, was deleted, has expired or is not the caller's */
export async function findUpload(
  { items, clock }: Pick<FilePorts, 'items' | 'clock'>,
  caller: Caller,
  fileId: string,
): Promise<FoundFile | undefined> {
  if (!apiIdPattern('file').test(fileId)) return undefined;
  const file = await fileStore(items).get(fileId);
  const isServed = file?.status === 'uploaded' && file.expiresAt > clock.now();
  return file && isServed && ownedBy(caller, file) ? { ...file, key: fileKey(fileId) } : undefined;
}

/** Files of a batch have no record, unless they were deleted. */
async function findBatchFile(
  ports: FilePorts,
  caller: Caller,
  fileId: string,
): Promise<FoundFile | undefined> {
  const kind = KINDS.find(({ prefix }) => fileId.startsWith(prefix));
  const batchId = kind && fileId.slice(kind.prefix.length);
  if (!kind || !batchId || !BATCH_ID_PATTERN.test(batchId)) return undefined;
  const batch = await ports.batches.get(batchId);
  if (!batch || !ownedBy(caller, batch.spec)) return undefined;
  if (kind.prefix === INPUT_PREFIX && batch.inputExpiredAt !== undefined) throw inputExpired(batch);
  const key = kind.keyOf(batch, ports);
  const file = key === undefined ? undefined : { ...describe(batch, kind, ports), fileId, key };
  if (!file || file.expiresAt <= ports.clock.now()) return undefined;
  const object = await ports.objects.head(ownObject(ports.objects, file.key));
  if (!object || (await fileStore(ports.items).get(fileId))) return undefined;
  return { ...file, bytes: object.bytes };
}

/** What a caller is told who may read the batch: since when its input is gone. */
function inputExpired({ batchId, inputExpiredAt = 0 }: Batch): ApiError {
  const at = new Date(inputExpiredAt).toISOString();
  const message = `The input of batch ${batchId} was removed at ${at}: only its output and errors are kept`;
  return new ApiError(404, message, { param: 'id', code: 'input_expired' });
}

interface FileKind {
  readonly prefix: string;
  readonly purpose: 'batch' | 'batch_output';
  /** The end of its name. */
  readonly name: string;
  keyOf(batch: Batch, ports: FilePorts): string | undefined;
}

const KINDS: readonly FileKind[] = [
  {
    ...{ prefix: OUTPUT_PREFIX, purpose: 'batch_output', name: 'output' },
    keyOf: (batch) => rowKeys(batch).output,
  },
  {
    ...{ prefix: ERRORS_PREFIX, purpose: 'batch_output', name: 'error' },
    keyOf: (batch) => rowKeys(batch).errors,
  },
  {
    ...{ prefix: INPUT_PREFIX, purpose: 'batch', name: 'input' },
    keyOf: (batch: BatchFields, { objects }) =>
      batch.input?.key ?? ownKeyOf(objects, batch.spec.source),
  },
];

function describe(
  { batchId, createdAt: addedAt, endedAt, spec }: BatchFields,
  { purpose, name }: FileKind,
  { policy }: FilePorts,
) {
  const isOutput = purpose === 'batch_output';
  const createdAt = isOutput ? (endedAt ?? addedAt) : addedAt;
  const lifeSeconds = (isOutput && spec.outputLifeSeconds) || policy.retentionSeconds;
  return {
    filename: `${batchId}_${name}.jsonl`,
    ...{ purpose, createdAt, expiresAt: createdAt + lifeSeconds * 1000 },
    tenant: spec.tenant,
  };
}
