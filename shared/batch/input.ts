import * as z from 'zod';
import { moneySchema, priceSchema } from './cost.ts';

const count = z.number().int().nonnegative();

/** The snapshot of the input in the handler's own bucket, and what the inspection found. */
export const inputSchema = z.object({
  key: z.string(),
  bytes: count,
  /** Of a part: its bytes of the parent's snapshot, from `start` to before `end`. */
  range: z.object({ start: count, end: count }).optional(),
  requests: count,
  estimatedTokens: count,
  /** The longest answers that its requests allow, together. Absent: none of them says. */
  maxOutputTokens: count.optional(),
  /** What batches paid for the model then, at the dearest entry; absent: there was no price. */
  price: priceSchema.optional(),
  /** What all of its requests would cost at that, in USD. */
  estimatedCost: moneySchema.optional(),
});
export type Input = z.infer<typeof inputSchema>;

/** A part of an input that is too large for one job: whole lines of the snapshot. */
export const sliceSchema = z.object({
  /** Bytes of the snapshot, from `start` to before `end`. */
  start: count,
  end: count,
  requests: count,
  estimatedTokens: count,
  maxOutputTokens: count.optional(),
});
export type Slice = z.infer<typeof sliceSchema>;
