import * as z from 'zod';
import { moneySchema } from './cost.ts';
import { formatSchema } from './messages.ts';

/** An object in S3 as the message named it, with the ETag that it had when the message came in. */
const sourceSchema = z.object({ bucket: z.string(), key: z.string(), etag: z.string() });
export type Source = z.infer<typeof sourceSchema>;

/**
 * What the user asked for: the message that added the batch, with its defaults filled in, its
 * providers checked and its file looked up. It is written with the record and never changes after.
 * A part has a copy of its parent's, in which `maxCost` is the part's share.
 */
export const specSchema = z.object({
  /** Provider entries that may run the batch. It starts at the first. */
  providers: z.tuple([z.string()], z.string()),
  source: sourceSchema,
  format: formatSchema,
  /** Absent if the message leaves the endpoint to the first request. */
  endpoint: z.string().optional(),
  /** Higher starts first. */
  priority: z.number().int(),
  /** Nothing is submitted before this time, in milliseconds since 1970. */
  notBefore: z.number().nonnegative().optional(),
  /** USD that the batch must not exceed. */
  maxCost: moneySchema.optional(),
  /** Absent if the message leaves it to the provider entry. */
  completionWindow: z.string().optional(),
  /** Who the batch belongs to. Absent: to no tenant. */
  tenant: z.string().optional(),
  /** How long its rows are served as files of the HTTP API after its end. Absent: as long as they exist. */
  outputLifeSeconds: z.number().optional(),
  /** Settings of the provider's job. */
  options: z.record(z.string(), z.json()),
  /** Handed to the processor and to events. */
  metadata: z.record(z.string(), z.string()),
});
export type Spec = z.infer<typeof specSchema>;
