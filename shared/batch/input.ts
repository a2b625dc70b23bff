import * as z from 'zod';
import { moneySchema, priceSchema } from './cost.ts';

const count = z.number().int().nonnegative();
/** Bytes of an object: from `start` to before `end`. */
export const rangeShape = { start: count, end: count };

/** A piece of an input that is too large for one job: whole lines of the snapshot. */
const sliceSchema = z.object({
  ...rangeShape,
  requests: count,
  estimatedTokens: count,
  maxOutputTokens: count.optional(),
  /** Bytes of its requests in the list of ids. Absent in records of earlier versions. */
  idBytes: count.optional(),
});
export type Slice = z.infer<typeof sliceSchema>;

/**
 * The `custom_id`s of the requests, one JSON string a line, in the order of the input: whoever needs only
 * them does not read the prompts again. A part has a range of the object of its batch.
 */
const idListSchema = z.object({ key: z.string(), ...rangeShape });
export type IdList = z.infer<typeof idListSchema>;

/** The snapshot of the input in the handler's own bucket, and what the inspection found in it. */
export const inputSchema = z.object({
  key: z.string(),
  bytes: count,
  requests: count,
  endpoint: z.string(),
  model: z.string().optional(),
  /** Whether a line leaves out the version of its url, or the model: a job gets them completed. */
  isAbbreviated: z.literal(true).optional(),
  estimatedTokens: count,
  /** Sum of the longest answers that the requests allow. Absent if no request states a limit. */
  maxOutputTokens: count.optional(),
  /** Price of the model at the inspection, at the dearest entry. Absent if there was no price. */
  price: priceSchema.optional(),
  /** What all requests would cost at that price, in USD. */
  estimatedCost: moneySchema.optional(),
  /** When the inspection had ended, in milliseconds since 1970. Absent in records of earlier versions. */
  inspectedAt: z.number().nonnegative().optional(),
  /** Absent in records of earlier versions, whose ids are read from the snapshot. */
  ids: idListSchema.optional(),
  /** What each part holds. Only set on an input that is too large for one job. */
  parts: z.array(sliceSchema).optional(),
});
export type Input = z.infer<typeof inputSchema>;
export const splitInputSchema = inputSchema.required({ parts: true });
export type SplitInput = z.infer<typeof splitInputSchema>;

/**
 * The ids of a part, which follow those of the parts before it; undefined if the list does not show
 * where they are.
 *
 * @param number from 1
 */
export function idsOfPart(
  { ids, parts }: Pick<SplitInput, 'ids' | 'parts'>,
  number: number,
): IdList | undefined {
  if (!ids) return undefined;
  let end = ids.start;
  let start = end;
  for (const { idBytes } of parts.slice(0, number)) {
    if (idBytes === undefined) return undefined;
    start = end;
    end += idBytes;
  }
  return { key: ids.key, start, end };
}

/** What one job may hold of a batch that is larger than its provider takes. */
export const jobSizeSchema = z.object({
  /** As estimated. Absent: any number. */
  tokens: z.number().int().positive().optional(),
  /** Absent: any number. */
  requests: z.number().int().positive().optional(),
});
export type JobSize = z.infer<typeof jobSizeSchema>;
