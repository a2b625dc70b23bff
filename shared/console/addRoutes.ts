import { Hono } from 'hono';
import * as z from 'zod';
import { addMessageSchema } from '../batch/messages.ts';
import { ClientError } from '../client/clientError.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { type AddingInfo, addUpload, checkWish } from './adding.ts';
import { valid } from './failure.ts';
import { type InspectionInfo, type InspectionWish, inspectUpload } from './inspection.ts';
import { MAX_PIECE_BYTES, type Piece } from './pieces.ts';
import type { ScreenPorts } from './ports.ts';
import { SpoolDirectory } from './spool.ts';
import { throttled } from './throttled.ts';
import { type UploadInfo, Uploads } from './uploads.ts';

/** The files that are here, and how they come here. */
export interface UploadsInfo {
  readonly uploads: readonly UploadInfo[];
  readonly maxPieceBytes: number;
  /** Does in a terminal what this page cannot do if it only reads. */
  readonly estimateCommand: string;
}

/** A file that is copied from now on, or was before. */
export interface BegunUpload {
  readonly upload: UploadInfo;
  /** Whether the same file seems to be here already, or a part of it. */
  readonly wasHere: boolean;
}

/** The page is told of progress at most so often. */
const TELL_MS = 300;

const fileSchema = z.strictObject({
  name: z.string().min(1).max(1_000),
  bytes: z.number().int().nonnegative(),
  lastModified: z.number(),
  /** Whether what is here of such a file is another one. */
  isAnother: z.boolean().default(false),
});
const wishSchema = addMessageSchema.pick({ format: true, endpoint: true });
const messageSchema = addMessageSchema
  .omit({ action: true, schemaVersion: true, file: true, requests: true })
  .extend({ batchId: addMessageSchema.shape.batchId.nonoptional() });
const placeSchema = z.object({ offset: z.coerce.number().int().nonnegative() });

const STOPPABLE: ReadonlySet<string> = new Set(['reading', 'uploading']);

export function addRoutes(ports: ScreenPorts) {
  const { client, hub, hint, ended, now } = ports;
  const tell = throttled(TELL_MS, () => hub.tell({ type: 'changed', what: 'uploads' }));
  const uploads = new Uploads({ spool: new SpoolDirectory(ended), onChange: tell, now });
  /** By id: what goes on with a file, which ends when it is discarded. */
  const inspecting = new Map<string, AbortController>();
  const adding = new Map<string, AbortController>();
  /** One file is read at a time, so that the page stays quick. */
  let last: Promise<void> = Promise.resolve();

  function stopped(of: Map<string, AbortController>, id: string): AbortSignal {
    of.get(id)?.abort();
    const control = new AbortController();
    of.set(id, control);
    return AbortSignal.any([control.signal, ended]);
  }

  function inspect(id: string, wish: InspectionWish): void {
    const signal = stopped(inspecting, id);
    const file = uploads.get(id);
    const onChange = (info: InspectionInfo): void => uploads.setInspection(id, info);
    const run = async (): Promise<void> => {
      if (!signal.aborted)
        await inspectUpload(
          file,
          wish,
          { ...ports, handler: client.handler },
          { onChange, signal },
        );
    };
    // It throws only what ended it.
    last = last.then(run).catch(() => {});
  }

  async function add(id: string, wish: z.output<typeof messageSchema>): Promise<void> {
    const file = uploads.get(id);
    await checkWish(ports, wish, file.inspection);
    if (file.received < file.bytes)
      throw new ClientError('not_possible', `${file.name} is not whole yet: copy the rest of it`);
    const { step = '' } = file.adding ?? {};
    if (STOPPABLE.has(step) || step === 'sent')
      throw new ClientError('not_possible', `${file.name} is being added`);
    const signal = stopped(adding, id);
    uploads.setAdding(id, { step: 'reading', batchId: wish.batchId });
    const onChange = (info: AddingInfo): void => uploads.setAdding(id, info);
    void addUpload(file, wish, ports, { onChange, signal }).then(async () => {
      if (uploads.isDone(id)) await uploads.removeFile(id);
    });
  }

  return new Hono()
    .get('/uploads', (context) =>
      context.json<UploadsInfo>({
        uploads: uploads.list(),
        maxPieceBytes: MAX_PIECE_BYTES,
        estimateCommand: hint('batch-handler estimate FILE'),
      }),
    )
    .post('/uploads', valid('json', fileSchema), async (context) => {
      const { isAnother, ...file } = context.req.valid('json');
      const found = uploads.find(file);
      if (found && !isAnother) return context.json<BegunUpload>({ upload: found, wasHere: true });
      if (found) await discard(found.id);
      return context.json<BegunUpload>({ upload: await uploads.begin(file), wasHere: false });
    })
    .get('/uploads/:id/pieces', (context) =>
      context.json<{ readonly pieces: readonly Piece[] }>({
        pieces: uploads.get(context.req.param('id')).pieces,
      }),
    )
    .put('/uploads/:id', valid('query', placeSchema), async (context) => {
      const id = context.req.param('id');
      const { body } = context.req.raw;
      const piece = body ?? new ReadableStream<Uint8Array>();
      const isWhole = await uploads.put(id, context.req.valid('query').offset, piece);
      if (isWhole) inspect(id, { format: 'openai' });
      return context.json<UploadInfo>(uploads.info(id));
    })
    .post('/uploads/:id/inspect', valid('json', wishSchema), (context) => {
      const id = context.req.param('id');
      inspect(id, omitUndefined(context.req.valid('json')));
      return context.json<UploadInfo>(uploads.info(id));
    })
    .post('/uploads/:id/add', valid('json', messageSchema), async (context) => {
      const id = context.req.param('id');
      await add(id, context.req.valid('json'));
      return context.json<UploadInfo>(uploads.info(id));
    })
    .post('/uploads/:id/cancel', (context) => {
      const id = context.req.param('id');
      if (STOPPABLE.has(uploads.get(id).adding?.step ?? '')) adding.get(id)?.abort();
      return context.json<UploadInfo>(uploads.info(id));
    })
    .delete('/uploads/:id', async (context) => {
      await discard(context.req.param('id'));
      return context.json({});
    });

  async function discard(id: string): Promise<void> {
    uploads.get(id);
    for (const controls of [inspecting, adding]) {
      controls.get(id)?.abort();
      controls.delete(id);
    }
    await uploads.discard(id);
  }
}
