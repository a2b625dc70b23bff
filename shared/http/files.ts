import * as z from 'zod';
import {
  type FilePlace,
  fileLifeSeconds,
  MAX_FILE_BYTES,
  newFile,
  type StoredFile,
} from '../batch/file.ts';
import { fileKey, newApiId } from '../batch/ids.ts';
import { fileStore } from '../stores/fileRecords.ts';
import { ApiError } from './apiError.ts';
import { deleteFile } from './deleteFile.ts';
import { formExpiresAfterSchema } from './expiresAfter.ts';
import { contentAnswer } from './fileContent.ts';
import { findFile } from './findFile.ts';
import { parseFields } from './jsonBody.ts';
import { collectPage, listObject, readListQuery, unknownPlace } from './listing.ts';
import { receiveFile } from './multipart.ts';
import { ownedBy } from './ownership.ts';
import type { Caller, HttpPorts } from './ports.ts';
import { type HttpContext, pathParameter, type Routes, unixSeconds } from './routes.ts';

/** What OpenAI's API description allows for `limit`. A page has fewer files, and `has_more` says so. */
const LIMITS = { maxLimit: 10_000, defaultLimit: 10_000 };
const MAX_PAGE = 1_000;

/** What files are for here: only the inputs of batches are taken. */
export const purposeSchema = z.literal('batch');

export function fileRoutes(ports: HttpPorts): Routes {
  const find = (context: HttpContext) =>
    findFile(ports, context.get('caller'), pathParameter(context, 'file'));
  return {
    '/files': {
      POST: async (context) => context.json(fileObject(await createFile(ports, context))),
      GET: (context) => listFiles(ports, context),
    },
    '/files/:file': {
      GET: async (context) => context.json(fileObject(await find(context))),
      async DELETE(context) {
        const id = pathParameter(context, 'file');
        await deleteFile(ports, context.get('caller'), id);
        return context.json({ id, object: 'file', deleted: true });
      },
    },
    '/files/:file/content': {
      GET: async (context) => contentAnswer(ports, context, await find(context)),
    },
  };
}

/** Source of the fields: `OpenAIFile` in OpenAI's API description. */
export function fileObject(
  file: Pick<StoredFile, 'fileId' | 'bytes' | 'createdAt' | 'expiresAt' | 'filename' | 'purpose'>,
) {
  const { fileId, bytes, createdAt, expiresAt, filename, purpose } = file;
  return {
    id: fileId,
    object: 'file',
    bytes,
    created_at: unixSeconds(createdAt),
    expires_at: unixSeconds(expiresAt),
    filename,
    purpose,
    status: 'processed',
  };
}

const fieldsSchema = z.strictObject({
  purpose: purposeSchema,
  expires_after: formExpiresAfterSchema.optional(),
});

async function createFile(ports: HttpPorts, context: HttpContext): Promise<StoredFile> {
  const { objects, chance, clock, items, policy } = ports;
  const fileId = newApiId('file', (max) => chance.randomInt(max));
  const received = await receiveFile(context, ports, {
    name: 'file',
    writer: objects.writer(fileKey(fileId)),
    maxBytes: MAX_FILE_BYTES,
    check: (fields) => parseFields(fieldsSchema, fields),
  });
  const { filename, bytes, fields } = received;
  const lifeSeconds = fileLifeSeconds(policy, fields.expires_after?.seconds);
  const { tenant } = context.get('caller');
  const { purpose } = fields;
  const file = newFile({ fileId, filename, bytes, purpose, tenant, lifeSeconds }, clock.now());
  await fileStore(items).create(file);
  context.set('id', fileId);
  return file;
}

/**
 * Those of the caller's tenant, or of none. The operator finds those of tenants by their ids only: files are
 * listed by tenant, and nothing lists them all.
 */
async function listFiles(ports: HttpPorts, context: HttpContext): Promise<Response> {
  const caller = context.get('caller');
  const { limit: asked, after, isNewestFirst } = readListQuery(context, LIMITS);
  checkPurpose(context.req.query('purpose'));
  const limit = Math.min(asked, MAX_PAGE);
  const now = ports.clock.now();
  const files = fileStore(ports.items);
  const first = after === undefined ? undefined : await placeOf(ports, caller, after);
  const { tenant } = caller;
  const { data, hasMore } = await collectPage<StoredFile, FilePlace | undefined>(
    { limit, first },
    async (place, wanted) => {
      const page = await files.list({ tenant, isNewestFirst, after: place, limit: wanted });
      return { found: page.files.filter(({ expiresAt }) => expiresAt > now), next: page.next };
    },
  );
  return context.json(listObject(data.map(fileObject), hasMore));
}

/** @throws ApiError 400: only uploaded files are listed, and a batch names its own */
function checkPurpose(purpose: string | undefined): void {
  if (!purpose || purpose === 'batch') return;
  const shown = JSON.stringify(purpose.slice(0, 100));
  const message = `purpose is ${shown}: only files of purpose "batch" are listed; each batch names its output_file_id`;
  throw new ApiError(400, message, { code: 'invalid_value', param: 'purpose' });
}

/** Also of a file that was deleted since: a client may delete what it lists. */
async function placeOf(
  { items }: Pick<HttpPorts, 'items'>,
  caller: Caller,
  fileId: string,
): Promise<FilePlace> {
  const file = await fileStore(items).get(fileId);
  if (file && ownedBy(caller, file)) return file;
  throw unknownPlace(fileId);
}
