import { setImmediate } from 'node:timers/promises';
import pMap from 'p-map';
import { ClientError } from '../client/clientError.ts';
import type { Command } from '../client/commands.ts';
import { isRun } from '../client/connection.ts';
import type { ScreenPorts } from './ports.ts';

/** What became of a command for one batch. */
export type CommandResult =
  | { readonly batchId: string; readonly outcome: 'sent' }
  /** `refused`: it is not possible. `failed`: the handler could not be reached, or was not tried any more. */
  | {
      readonly batchId: string;
      readonly outcome: 'refused' | 'failed';
      /** One sentence for people. */
      readonly reason: string;
    };

export interface CommandResults {
  /** In the order in which the batches were named. */
  readonly results: readonly CommandResult[];
  /** Set if nothing carries out now what was sent: what to do about it. */
  readonly stopped?: string;
}

/** Each reads a record and sends a message. */
const CONCURRENCY = 10;

/**
 * Sends a command for several batches. One that is refused does not keep the others from it. What cannot be
 * reached for one batch is not tried for those after it, which would take its retries for each.
 */
export async function sendCommands(
  { client, mirror, explain, hint }: Pick<ScreenPorts, 'client' | 'mirror' | 'explain' | 'hint'>,
  command: Command,
  batchIds: readonly string[],
): Promise<CommandResults> {
  let failure: string | undefined;
  const send = async (batchId: string): Promise<CommandResult> => {
    // A table in this process answers at once: others are answered between two batches.
    await setImmediate();
    if (failure !== undefined) return { batchId, outcome: 'failed', reason: failure };
    try {
      await client[command](batchId);
      return { batchId, outcome: 'sent' };
    } catch (error) {
      if (error instanceof ClientError)
        return { batchId, outcome: 'refused', reason: hint(error.message) };
      failure ??= hint(explain(error));
      return { batchId, outcome: 'failed', reason: failure };
    }
  };
  const results = await pMap([...new Set(batchIds)], send, { concurrency: CONCURRENCY });
  const sent = results.filter(({ outcome }) => outcome === 'sent');
  mirror.follow(sent.map(({ batchId }) => batchId));
  return sent.length === 0 || (await isRun(client.connection))
    ? { results }
    : { results, stopped: stoppedText(client.handler.name) };
}

function stoppedText(handler: string): string {
  return `Nothing carries this out now: no program runs the handler in ${handler}. Start yours.`;
}
