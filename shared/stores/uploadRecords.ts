import {
  UPLOAD_SCHEMA_VERSION,
  type Upload,
  type UploadStore,
  uploadSchema,
} from '../batch/upload.ts';
import { TABLE } from '../config.ts';
import { parseRecord, putVersioned, recordJson } from './items.ts';
import type { ItemTable } from './itemTable.ts';

/**
 * A client that repeats its last request after a long time still finds how the upload ended. A worker
 * has finished with it long before.
 */
const KEEP_AFTER_EXPIRY_MS = 7 * 24 * 60 * 60 * 1000;

/** The uploads of the HTTP API, in the table: `upload#<upload id>`. */
export function uploadStore(table: ItemTable): UploadStore {
  const itemOf = (upload: Upload) => ({
    id: TABLE.uploadPrefix + upload.uploadId,
    schemaVersion: UPLOAD_SCHEMA_VERSION,
    version: upload.version,
    record: recordJson(`upload ${upload.uploadId}`, uploadSchema, upload),
    [TABLE.timeToLive]: Math.ceil((upload.expiresAt + KEEP_AFTER_EXPIRY_MS) / 1000),
  });
  return {
    async get(uploadId) {
      const item = await table.get(TABLE.uploadPrefix + uploadId);
      return item && parseRecord(`upload ${uploadId}`, item, uploadSchema, UPLOAD_SCHEMA_VERSION);
    },
    async create(upload) {
      return (await putVersioned(table, itemOf(upload), 'absent')) ? 'written' : 'exists';
    },
    async replace(upload) {
      return (await putVersioned(table, itemOf(upload), 'unchanged')) ? 'written' : 'conflict';
    },
  };
}
