import * as z from 'zod';
import { DEFAULT_POLICY } from '../batch/policy.ts';
import { DAY_MS } from '../quota/providerState.ts';
import type { HeldBatch } from './heldBatches.ts';
import type { BatchMirror } from './mirror.ts';
import { PERIODS } from './periods.ts';

/** The parameter `days` of a request. */
export const daysSchema = z.enum(PERIODS).default('30').transform(Number);

/** Whole UTC days, the last of them today. */
export interface Period {
  /** Such as `2026-12-01`, the oldest first. */
  readonly days: readonly string[];
  /** When the first of them began, in milliseconds since 1970. */
  readonly since: number;
}

/** @param now milliseconds since 1970 */
export function periodOf(days: number, now: number): Period {
  const since = (Math.floor(now / DAY_MS) - days + 1) * DAY_MS;
  const dayOf = (_: unknown, index: number) =>
    new Date(since + index * DAY_MS).toISOString().slice(0, 10);
  return { days: Array.from({ length: days }, dayOf), since };
}

/** How far back the figures of a period reach. */
export interface Reach {
  /** Batches that were looked at, of whatever time. */
  readonly batches: number;
  /** When the oldest of them was added, in ISO 8601. Absent: the whole period was looked at. */
  readonly oldest?: string;
}

/**
 * A batch that ends in a period was added before its end: as long before as a batch may take unless its
 * handler says otherwise. Looking further back would cost more reads than it finds.
 */
const LONGEST_RUN_MS = DEFAULT_POLICY.maxAgeSeconds * 1000;

/**
 * Reads the batches that may have ended in a period, as far back as the mirror reads.
 *
 * @throws the error of the table
 */
export async function readPeriod(
  mirror: Pick<BatchMirror, 'readBack' | 'held'>,
  { since }: Period,
): Promise<{ readonly batches: readonly HeldBatch[]; readonly reach: Reach }> {
  const { isWhole, oldest } = await mirror.readBack(since - LONGEST_RUN_MS);
  const batches = [...mirror.held()];
  const reach = { batches: batches.length, ...(!isWhole && { oldest }) };
  return { batches, reach };
}
