import * as z from 'zod';
import { lifetimeSeconds } from './policy.ts';

/** The files of the HTTP API: those that clients upload. */

export const FILE_SCHEMA_VERSION = 1;

/** What OpenAI's Uploads API takes: `CreateUploadRequest` of its API description says 8 GB. */
export const MAX_FILE_BYTES = 8 * 1024 ** 3;

/** Milliseconds since 1970. */
const time = z.number().nonnegative();

export const fileSchema = z.object({
  fileId: z.string(),
  /** From 0; rises by one with every write. */
  version: z.number().int().nonnegative(),
  /**
   * The record of a file that was deleted stays for as long as the file would have: nothing that is
   * still on its way brings the file back, and a list goes on after it.
   */
  status: z.enum(['uploaded', 'deleted']),
  filename: z.string(),
  bytes: z.number().int().nonnegative(),
  purpose: z.string(),
  createdAt: time,
  /** The file is served until then. */
  expiresAt: time,
  /** Absent: it belongs to no tenant. */
  tenant: z.string().optional(),
  /** Batches that were, or were to be, made of it: some may have no copy yet. Absent: none. */
  batchIds: z.array(z.string()).optional(),
});
export type StoredFile = z.infer<typeof fileSchema>;

/** Where a page of files begins: right after one of them, in the direction of the list. */
export type FilePlace = Pick<StoredFile, 'fileId' | 'createdAt'>;

/** The table of files. */
export interface FileStore {
  /** A strongly consistent read. */
  get(fileId: string): Promise<StoredFile | undefined>;
  /** Writes a new record, in one atomic step. `exists`: another write has made one with this id. */
  create(file: StoredFile): Promise<'written' | 'exists'>;
  /** Writes the file over `version`, which rises by one, in one atomic step. */
  replace(file: StoredFile): Promise<'written' | 'conflict'>;
  /** Notes that a file was deleted, likewise. It may have no record yet. */
  markDeleted(file: StoredFile): Promise<'written' | 'conflict'>;
  /**
   * One page of the files of a tenant, or of none, by their age. Those that were deleted are left out,
   * so that a page may be empty and not the last. Eventually consistent.
   *
   * @param limit files to read at most, from 1 to 100
   */
  list(query: {
    readonly tenant: string | undefined;
    readonly isNewestFirst: boolean;
    readonly after?: FilePlace | undefined;
    readonly limit: number;
  }): Promise<{ readonly files: readonly StoredFile[]; readonly next?: FilePlace | undefined }>;
}

/** OpenAI's default for files of batches: `FileExpirationAfter` of its API description. */
const USUAL_LIFE_SECONDS = 30 * 24 * 60 * 60;

/**
 * How long a file is served. No file outlives its object, which the bucket deletes by its age.
 *
 * @param asked default: 30 days
 */
export function fileLifeSeconds(
  policy: Parameters<typeof lifetimeSeconds>[0],
  asked = USUAL_LIFE_SECONDS,
): number {
  return Math.min(asked, lifetimeSeconds(policy));
}

/**
 * The record of a file whose content is in the bucket.
 *
 * @param given `lifeSeconds`: see {@link fileLifeSeconds}
 * @param now milliseconds since 1970
 */
export function newFile(
  given: Pick<StoredFile, 'fileId' | 'filename' | 'bytes' | 'purpose' | 'tenant'> & {
    readonly lifeSeconds: number;
  },
  now: number,
): StoredFile {
  const { lifeSeconds, ...file } = given;
  const expiresAt = now + lifeSeconds * 1000;
  return { ...file, version: 0, status: 'uploaded', createdAt: now, expiresAt };
}
