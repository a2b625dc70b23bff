import { Hono } from 'hono';
import * as z from 'zod';
import type { BatchInfo } from '../client/batchInfo.ts';
import { ClientError } from '../client/clientError.ts';
import { batchLogs } from '../operations/batchLogs.ts';
import {
  type BatchDetails,
  commandsOf,
  partRow,
  readBatch,
  readParts,
  type TerminalCommand,
} from './batchDetails.ts';
import { batchRow } from './batchRow.ts';
import { valid } from './failure.ts';
import type { BatchMirror } from './mirror.ts';
import type { ScreenPorts } from './ports.ts';

/** The id of a batch, or of a part: only such are looked for in the table. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\/\d{1,5}){0,9}$/;

export function batchRoutes({ client, mirror, hint }: ScreenPorts) {
  const logsOf = batchLogs(client.connection);
  const pasteable = (commands: readonly TerminalCommand[]) =>
    commands.map(({ what, text }) => ({ what, text: hint(text) }));
  return new Hono().get(
    '/batches/:id',
    valid('param', z.object({ id: z.string() })),
    async (context) => {
      const { id } = context.req.valid('param');
      if (!ID.test(id)) throw new ClientError('unknown_batch', 'there is no batch with such an id');
      const batch = await readBatch(client, id);
      if ('unreadable' in batch) {
        const what = 'Remove its record; the job may run on at the provider';
        const commands = pasteable([{ what, text: `batch-handler remove ${id}` }]);
        return context.json<BatchDetails>({
          kind: 'unreadable',
          batch: batch.unreadable,
          commands,
        });
      }
      const [parts, logs] = await Promise.all([readParts(client, batch), logsOf(batch)]);
      keepUpToDate(mirror, batch);
      return context.json<BatchDetails>({
        ...{ kind: 'batch', batch, row: batchRow(batch), parts: parts.map(partRow) },
        commands: pasteable(commandsOf(batch)),
        logs: logs.map(({ command, ...log }) =>
          command === undefined ? log : { ...log, command: hint(command) },
        ),
      });
    },
  );
}

/** The lists show what this reading has found, if it is news: those who hear of it ask again for the batch. */
function keepUpToDate(mirror: BatchMirror, batch: BatchInfo): void {
  const rowText = (of: BatchInfo) => JSON.stringify(batchRow(of));
  for (const held of mirror.held()) {
    if (held.batchId !== batch.batchId) continue;
    if (rowText(held) !== rowText(batch)) mirror.put(batch);
    return;
  }
}
