import * as z from 'zod';
import type { Reason } from './errors.ts';
import { apiIdPattern } from './ids.ts';

/** A file that comes through the HTTP API in parts, which a worker puts together. */

export const UPLOAD_SCHEMA_VERSION = 1;

/**
 * Parts of one upload. 8 GB, the largest file that OpenAI's Uploads API takes, are 2,048 parts of 4 MB,
 * which is about what fits through a Function URL. The ids of all of them fit into one item.
 */
export const MAX_UPLOAD_PARTS = 5_000;

const completionSchema = z.object({
  /** The parts in the order of the file. */
  partIds: z
    .array(z.string().regex(apiIdPattern('part')))
    .min(1)
    .max(MAX_UPLOAD_PARTS),
  /** MD5 of the whole file in lower-case hex, if the client gave it. */
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
});
/** What a client says of a file whose parts have all been uploaded. */
export type Completion = z.infer<typeof completionSchema>;

const commonFields = {
  uploadId: z.string().regex(apiIdPattern('upload')),
  version: z.number().int().nonnegative(),
  tenant: z.string().optional(),
  filename: z.string(),
  purpose: z.string(),
  mimeType: z.string(),
  /** Bytes that the file must have. */
  bytes: z.number().int().nonnegative(),
  /** Milliseconds since 1970, as is `expiresAt`. */
  createdAt: z.number(),
  expiresAt: z.number(),
  /** How long the file is kept after its creation. Absent: as long as the bucket keeps it. */
  fileSeconds: z.number().int().positive().optional(),
};

export const uploadSchema = z.discriminatedUnion('status', [
  z.object({ ...commonFields, status: z.literal('pending') }),
  z.object({ ...commonFields, status: z.literal('cancelled') }),
  /** A worker puts the parts together, or will. */
  z.object({ ...commonFields, status: z.literal('assembling'), completion: completionSchema }),
  z.object({
    ...commonFields,
    status: z.literal('completed'),
    completion: completionSchema,
    fileId: z.string().regex(apiIdPattern('file')),
    /** When the parts were put together, in milliseconds since 1970. */
    completedAt: z.number(),
  }),
  /** The parts are not what the client says they are. It may complete the upload with others. */
  z.object({
    ...commonFields,
    status: z.literal('refused'),
    completion: completionSchema,
    reason: z.object({ code: z.string(), message: z.string() }),
  }),
]);
export type Upload = z.infer<typeof uploadSchema>;
export type UploadIn<S extends Upload['status']> = Extract<Upload, { readonly status: S }>;

/** The table of uploads. */
export interface UploadStore {
  /** A strongly consistent read. */
  get(uploadId: string): Promise<Upload | undefined>;
  /** Writes a new upload, in one atomic step. `exists`: another write has made one with this id. */
  create(upload: Upload): Promise<'written' | 'exists'>;
  /**
   * Writes the upload if the stored one has `version - 1`, in one atomic step. A write whose reply was
   * lost counts as `written`.
   */
  replace(upload: Upload): Promise<'written' | 'conflict'>;
}

/** Whether a client repeats what it said of the file before. */
export function isSameCompletion(a: Completion, b: Completion): boolean {
  return (
    a.md5 === b.md5 &&
    a.partIds.length === b.partIds.length &&
    a.partIds.every((partId, index) => partId === b.partIds[index])
  );
}

/**
 * An upload whose parts are to be put together.
 *
 * @returns undefined if the upload takes no completion: it has ended, or is being put together
 */
export function startAssembly(
  upload: Upload,
  completion: Completion,
): UploadIn<'assembling'> | undefined {
  const { status } = upload;
  if (status !== 'pending' && status !== 'refused') return undefined;
  return { ...commonOf(upload), status: 'assembling', completion };
}

/** The upload whose parts have become this file. @param now milliseconds since 1970 */
export function completed(
  upload: UploadIn<'assembling'>,
  fileId: string,
  now: number,
): UploadIn<'completed'> {
  const { completion } = upload;
  return { ...commonOf(upload), status: 'completed', completion, fileId, completedAt: now };
}

/** The upload whose parts are not what its completion says. */
export function refused(upload: UploadIn<'assembling'>, reason: Reason): UploadIn<'refused'> {
  const { completion } = upload;
  return { ...commonOf(upload), status: 'refused', completion, reason };
}

/** The upload once its client has given it up. @returns undefined if the file is there already */
export function cancelled(upload: Upload): UploadIn<'cancelled'> | undefined {
  if (upload.status === 'completed') return undefined;
  return { ...commonOf(upload), status: 'cancelled' };
}

/** The fields that an upload has in every status, for its next version. */
function commonOf(upload: Upload) {
  const { uploadId, version, tenant, filename, purpose, mimeType, bytes } = upload;
  const { createdAt, expiresAt, fileSeconds } = upload;
  return {
    ...{ uploadId, version: version + 1, tenant, filename, purpose, mimeType, bytes },
    ...{ createdAt, expiresAt, fileSeconds },
  };
}
