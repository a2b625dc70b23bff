import * as z from 'zod';
import { invalid } from './errors.ts';

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly displayName: string;
  /** Without `files/`. */
  readonly fileId: string;
}

const fileName = z
  .string()
  .regex(/^files\/[\w.-]+$/)
  .transform((name) => name.slice('files/'.length));

/** Fields may be written in either case, as in all of Google's JSON; its SDK mixes them. */
const inputConfig = z
  .strictObject({ fileName: fileName.optional(), file_name: fileName.optional() })
  .transform((config) => config.fileName ?? config.file_name);

const createSchema = z.object({
  batch: z
    .object({
      displayName: z.string().min(1).optional(),
      display_name: z.string().min(1).optional(),
      inputConfig: inputConfig.optional(),
      input_config: inputConfig.optional(),
    })
    .strict(),
});

/** @throws ApiError INVALID_ARGUMENT naming the first wrong field; inline requests are not taken */
export function parseCreateRequest(body: unknown): CreateRequest {
  const parsed = createSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`Invalid value at '${issue?.path.join('.')}': ${issue?.message}`);
  }
  const { batch } = parsed.data;
  const displayName = batch.displayName ?? batch.display_name;
  const fileId = batch.inputConfig ?? batch.input_config;
  if (displayName === undefined) throw invalid('batch.display_name is required.');
  if (fileId === undefined) throw invalid('batch.input_config.file_name is required.');
  return { displayName, fileId };
}
