import { Hono } from 'hono';
import * as z from 'zod';
import { valid } from './failure.ts';
import type { ScreenPorts } from './ports.ts';
import { type Attempt, attemptOf } from './rows/attemptRow.ts';
import { findFiles } from './rows/batchFiles.ts';
import { FORMATS, lineDownload, rowsDownload } from './rows/downloads.ts';
import { type RowsPage, rowsPage } from './rows/rowsPage.ts';
import { VIEWS } from './rows/rowWalk.ts';

/** As long as no place in a file is. */
const cursorSchema = z.string().max(200).optional();
/** A `custom_id`, which may be as long as a line of the file. */
const rowSchema = z.string().min(1).max(8_000);

const pageSchema = z.object({
  view: z.enum(VIEWS).default('all'),
  cursor: cursorSchema,
  /** The `custom_id` of the row that the page begins with. */
  row: rowSchema.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const attemptSchema = z.object({
  row: rowSchema,
  /** Index among the past jobs. */
  job: z.coerce.number().int().min(0).max(100),
  cursor: cursorSchema,
});

const downloadSchema = z.object({
  view: z.enum(VIEWS).default('all'),
  format: z.enum(FORMATS).default('jsonl'),
});

const lineSchema = z.object({
  file: z.enum(['input', 'results', 'errors', 'refused']),
  /** Position of its first byte. */
  at: z.coerce.number().int().min(0),
});

/** The rows of one batch: pages of them beside their requests, one of them by its id, and downloads. */
export function rowsRoutes({ client: { connection }, now }: ScreenPorts) {
  const ports = { connection, now };
  return new Hono()
    .get('/batches/:batchId/rows', valid('query', pageSchema), async (context) => {
      const page = await rowsPage(ports, context.req.param('batchId'), context.req.valid('query'));
      return context.json<RowsPage>(page);
    })
    .get('/batches/:batchId/rows/attempt', valid('query', attemptSchema), async (context) => {
      const query = context.req.valid('query');
      return context.json<Attempt>(await attemptOf(ports, context.req.param('batchId'), query));
    })
    .get('/batches/:batchId/rows/download', valid('query', downloadSchema), async (context) => {
      const { view, format } = context.req.valid('query');
      const found = await findFiles(connection, context.req.param('batchId'));
      return rowsDownload(found, view, format);
    })
    .get('/batches/:batchId/rows/line', valid('query', lineSchema), async (context) => {
      const { file, at } = context.req.valid('query');
      const found = await findFiles(connection, context.req.param('batchId'));
      return lineDownload(found, file, at);
    });
}
