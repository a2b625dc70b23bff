import { isEnded } from '../batch/status.ts';
import type { Command } from '../client/commands.ts';
import type { BatchRow } from './batchRow.ts';

/** The commands for batches, in the order in which they are offered. */
export const COMMANDS = ['cancel', 'retry', 'redeliver'] as const satisfies readonly Command[];

/** As much of a batch as tells what can be done with it, and what that costs. */
export type CommandTarget = Pick<
  BatchRow,
  'batchId' | 'status' | 'cancelRequested' | 'counts' | 'estimatedCost' | 'hasRows'
>;

/** What a command would do to some batches. */
export interface CommandPlan {
  /** Those for which it is possible. */
  readonly possible: readonly CommandTarget[];
  /** Reason → how many are left out for it. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** Requests that run again. Only a retry runs some. */
  readonly requests: number;
  /** USD, about what running them costs. Undefined if it is known of none of the batches. */
  readonly cost: number | undefined;
  /** Batches whose cost is not known, which is not in `cost`. */
  readonly unknownCosts: number;
}

/** Sorts batches by whether a command is possible, and sums up what it costs. */
export function planCommand(command: Command, batches: readonly CommandTarget[]): CommandPlan {
  const possible: CommandTarget[] = [];
  const leftOut = new Map<string, number>();
  for (const batch of batches) {
    const why = whyNotPossible(command, batch);
    if (why === undefined) possible.push(batch);
    else leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
  }
  if (command !== 'retry') return { possible, leftOut, requests: 0, cost: 0, unknownCosts: 0 };
  const costs = possible.map(retryCost).filter((cost) => cost !== undefined);
  return {
    ...{ possible, leftOut },
    requests: possible.reduce((sum, { counts }) => sum + counts.total - counts.succeeded, 0),
    cost: costs.length === 0 ? undefined : costs.reduce((sum, cost) => sum + cost, 0),
    unknownCosts: possible.length - costs.length,
  };
}

/**
 * Why a command is not possible for a batch, as far as its row tells; undefined if it is. The client library
 * decides again by the record, and the handler when the command arrives.
 */
export function whyNotPossible(
  command: Command,
  { status, cancelRequested, counts, hasRows }: CommandTarget,
): string | undefined {
  if (command === 'cancel') {
    if (isEnded(status)) return 'it has ended';
    return cancelRequested ? 'it is being cancelled' : undefined;
  }
  if (!isEnded(status)) return 'it has not ended';
  if (!hasRows) return 'none of its requests ever ran';
  if (command === 'retry' && counts.succeeded === counts.total)
    return 'none of its requests failed';
  return undefined;
}

/** The share of the estimate that falls to the requests which have not succeeded, in USD. */
function retryCost({ counts, estimatedCost }: CommandTarget): number | undefined {
  const { total, succeeded } = counts;
  return estimatedCost === undefined || total === 0
    ? undefined
    : (estimatedCost * (total - succeeded)) / total;
}
