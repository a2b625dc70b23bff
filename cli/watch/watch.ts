import type { BatchHandlerClient, BatchInfo, Sent } from '../../shared/client/index.ts';
import { type CliContext, EXIT } from '../context.ts';
import { explain } from '../explain.ts';
import { createBoard } from './board.ts';

export interface WatchSettings {
  readonly json: boolean;
  readonly pollSeconds: number;
  readonly timeoutSeconds: number | undefined;
}

/**
 * Shows batches until all have ended.
 *
 * @param batches ids, or what was just added and may yet be refused
 * @returns the exit code
 */
export async function watchUntilEnded(
  client: BatchHandlerClient,
  batches: readonly (string | Sent)[],
  { json, pollSeconds, timeoutSeconds }: WatchSettings,
  context: CliContext,
): Promise<number> {
  const ids = batches.map((batch) => (typeof batch === 'string' ? batch : batch.batchId));
  const board = createBoard(context, ids, json);
  const { interrupted: signal } = context;
  const codes = await Promise.all(
    batches.map(async (batch) => {
      const options = { pollSeconds, timeoutSeconds, signal, onLook: board.update };
      try {
        return codeOf(await client.waitForBatch(batch, options));
      } catch (error) {
        signal.throwIfAborted();
        const { line, exitCode } = explain(error);
        board.note(line);
        return exitCode;
      }
    }),
  );
  return Math.max(...codes, EXIT.done);
}

function codeOf({ status }: BatchInfo): number {
  return status === 'completed' ? EXIT.done : EXIT.failed;
}
