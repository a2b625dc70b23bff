import { Hono } from 'hono';
import * as z from 'zod';
import { isEnded } from '../batch/status.ts';
import { type BatchRow, batchRow } from './batchRow.ts';
import { COMMANDS } from './commandRules.ts';
import { valid } from './failure.ts';
import type { HeldBatch } from './mirror.ts';
import type { ScreenPorts } from './ports.ts';
import { type CommandResults, sendCommands } from './sendCommands.ts';

/** The filter of the table, as the address has it. Several values are separated by commas. */
const filterSchema = z.object({
  status: z.string().optional(),
  provider: z.string().optional(),
  tenant: z.string().optional(),
  /** `key=value`. */
  metadata: z.string().optional(),
  since: z.string().optional(),
  until: z.string().optional(),
  /** Part of the id. */
  id: z.string().optional(),
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type BatchesFilter = z.input<typeof filterSchema>;

export interface BatchesPage {
  readonly rows: readonly BatchRow[];
  readonly hasMore: boolean;
  readonly searchedTo?: string;
}

/** The most batches that one request commands. */
const MAX_COMMANDED = 500;

const commandSchema = z.object({
  command: z.enum(COMMANDS),
  batchIds: z.array(z.string()).min(1).max(MAX_COMMANDED),
});

export function batchesRoutes(ports: ScreenPorts) {
  const { mirror } = ports;
  return new Hono()
    .get('/batches', valid('query', filterSchema), async (context) => {
      const { after, limit, ...filter } = context.req.valid('query');
      const { batches, ...rest } = await mirror.find(passing(filter), { after, limit });
      return context.json<BatchesPage>({ rows: batches.map(batchRow), ...rest });
    })
    .post('/batches/commands', valid('json', commandSchema), async (context) => {
      const { command, batchIds } = context.req.valid('json');
      return context.json<CommandResults>(await sendCommands(ports, command, batchIds));
    });
}

function passing(filter: Omit<z.output<typeof filterSchema>, 'limit'>) {
  const { status, provider, id } = filter;
  return (batch: HeldBatch): boolean => {
    if (status === 'open' && isEnded(batch.status)) return false;
    if (status !== undefined && status !== 'open' && !status.split(',').includes(batch.status))
      return false;
    if (provider !== undefined && batch.provider !== provider) return false;
    return id === undefined || batch.batchId.includes(id);
  };
}
