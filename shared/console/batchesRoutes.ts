import { Hono } from 'hono';
import * as z from 'zod';
import { BATCH_ID_PATTERN } from '../batch/ids.ts';
import { isoTime, passing } from './batchFilter.ts';
import { type BatchRow, batchRow } from './batchRow.ts';
import { COMMANDS } from './commandRules.ts';
import { valid } from './failure.ts';
import type { Place } from './heldBatches.ts';
import type { ScreenPorts } from './ports.ts';
import { type CommandResults, sendCommands } from './sendCommands.ts';

const time = z
  .string()
  .refine((text) => isoTime(text) !== undefined, {
    message: 'it is no time: use one such as 2027-01-15 or 2027-01-15T08:00:00Z',
  })
  .optional();

/** A `BatchesFilter`, as the address has it. */
const filterSchema = z.object({
  status: z.string().optional(),
  provider: z.string().optional(),
  tenant: z.string().optional(),
  metadata: z.string().optional(),
  since: time,
  until: time,
  id: z.string().optional(),
});

const pageSchema = filterSchema.extend({
  /** The `next` of the page before. */
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** A page of the table, the newest batches first. */
export interface BatchesPage {
  readonly rows: readonly BatchRow[];
  /** Where to search on. Absent if everything was searched. */
  readonly next?: string;
  /** Until when back all batches were looked at, in ISO 8601. Absent if all of them were. */
  readonly searchedTo?: string;
}

/** A batch by its id, whether the search has come to it or not. */
export interface ExactBatch {
  /** Null if there is no such batch, or the filter does not let it pass. */
  readonly row: BatchRow | null;
}

/** The most batches that one request commands. */
const MAX_COMMANDED = 500;

const commandSchema = z.object({
  command: z.enum(COMMANDS),
  batchIds: z.array(z.string()).min(1).max(MAX_COMMANDED),
});

export function batchesRoutes(ports: ScreenPorts) {
  const { client, mirror } = ports;
  return new Hono()
    .get('/batches', valid('query', pageSchema), async (context) => {
      const { after, limit, ...filter } = context.req.valid('query');
      const { batches, next } = await mirror.find(passing(filter), {
        ...{ after: readPlace(after), limit },
        ...{ since: isoTime(filter.since), until: isoTime(filter.until) },
      });
      const rest = next && { next: placeText(next), searchedTo: next.createdAt };
      return context.json<BatchesPage>({ rows: batches.map(batchRow), ...rest });
    })
    .get('/exact-batch/:id', valid('query', filterSchema), async (context) => {
      const batchId = context.req.param('id');
      const isId = BATCH_ID_PATTERN.test(batchId);
      const batch = isId ? await client.getBatch(batchId) : undefined;
      const passes = passing(context.req.valid('query'));
      return context.json<ExactBatch>({ row: batch && passes(batch) ? batchRow(batch) : null });
    })
    .post('/batches/commands', valid('json', commandSchema), async (context) => {
      const { command, batchIds } = context.req.valid('json');
      return context.json<CommandResults>(await sendCommands(ports, command, batchIds));
    });
}

/** A place in the list as a parameter. A time has no `~`. */
function placeText({ createdAt, batchId }: Place): string {
  return `${createdAt}~${batchId}`;
}

function readPlace(text: string | undefined): Place | undefined {
  const [createdAt, batchId = ''] = text?.split('~') ?? [];
  const at = isoTime(createdAt);
  return at === undefined ? undefined : { createdAt: at, batchId };
}
