import * as z from 'zod';
import { parsePlan } from '../plan.ts';

/** Options that every simulator has: all of them JSON, so that they reach a child process. */
export const commonOptions = {
  /** 0: any free port. */
  port: z.number().int().min(0).max(65_535).default(0),
  /** Everything is kept here, so that a restart continues. */
  dataDir: z.string().min(1),
  /** The outcomes of the jobs of each batch, in order, the last repeating. */
  plan: z
    .array(z.string())
    .min(1)
    .default(['completed'])
    .transform((words) => parsePlan(words.join(','))),
  /** From the creation of a job to its end. */
  jobSeconds: z.number().nonnegative().default(2),
  /** Added to every call. */
  latencyMs: z.number().nonnegative().default(0),
};

/** @throws Error naming each wrong option and what was expected */
export function parseOptions<T>(name: string, schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new Error(`options of the ${name} simulator: ${z.prettifyError(parsed.error)}`);
}
