import * as z from 'zod';
import { MESSAGE_BODY_PREFIX } from './identifiers.ts';

/** One request: a line of an OpenAI batch file, and the entry that it goes to. */
export const requestMessageSchema = z.strictObject({
  /** Unique among all requests to the provider entry that are sent to the collector. */
  custom_id: z.string().min(1).max(512),
  method: z.literal('POST'),
  url: z.string().startsWith('/'),
  body: z.record(z.string(), z.unknown()),
  /** A provider entry of the deployment. Default: the collector's. */
  provider: z.string().optional(),
});

/** A request too large for a message, kept in the handler's bucket. */
export const requestPointerSchema = z.strictObject({
  schemaVersion: z.number().int().optional(),
  action: z.literal('pointer'),
  key: z.string().startsWith(MESSAGE_BODY_PREFIX),
});

/** Internal: makes a batch of a sealed window. */
export const joinMessageSchema = z.strictObject({
  action: z.literal('join'),
  laneId: z.string(),
  window: z.number().int().positive(),
});
export type JoinMessage = z.infer<typeof joinMessageSchema>;
