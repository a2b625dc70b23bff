import { costRefusal } from '../batch/cost.ts';
import { RefusedError } from '../batch/errors.ts';
import type { AddMessageInput } from '../batch/messages.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { type AddedBatch, checkMessage } from '../client/addBatch.ts';
import type { BatchHandlerClient } from '../client/client.ts';
import { ClientError } from '../client/clientError.ts';
import { isRun, notRunning } from '../client/connection.ts';
import { settingsOf } from '../operations/settings.ts';
import { describedProviders } from '../providers/registry.ts';
import { checkProviders } from '../usecases/intake/add.ts';
import { failureOf } from './failure.ts';
import type { InspectionInfo } from './inspection.ts';
import type { ConsolePorts } from './ports.ts';

/** How far the adding of a file has come. */
export type AddingInfo =
  /** It is read, to know whether the batch exists. */
  | { readonly step: 'reading'; readonly batchId: string }
  /** It goes to where the handler reads it. */
  | {
      readonly step: 'uploading';
      readonly batchId: string;
      readonly bytes: number;
      /** Milliseconds since 1970. */
      readonly since: number;
    }
  /** The message is sent, and the handler has not taken it in yet. */
  | { readonly step: 'sent'; readonly batchId: string; readonly note?: string }
  | { readonly step: 'accepted'; readonly batchId: string }
  /** It was there already, with the same input and options. */
  | {
      readonly step: 'existing';
      readonly batchId: string;
      readonly status: Status;
      /** Whether its requests can be run again. */
      readonly canRetry: boolean;
    }
  /** The handler does not want the message. */
  | { readonly step: 'refused'; readonly batchId: string; readonly message: string }
  /** Nothing was sent. */
  | { readonly step: 'failed'; readonly batchId: string; readonly message: string }
  | { readonly step: 'cancelled'; readonly batchId: string };

/** What is asked of the batch, without its requests. */
export type AddWish = Omit<AddMessageInput, 'action' | 'schemaVersion' | 'file' | 'requests'>;

type AddingPorts = Pick<ConsolePorts, 'client' | 'explain' | 'hint' | 'now'>;

interface AddingCalls {
  readonly onChange: (info: AddingInfo) => void;
  /** Stops it, and the message with it unless that is sent. */
  readonly signal: AbortSignal;
}

/** Between two looks at whether the handler has taken the message in. */
const POLL_SECONDS = 1;
/** How long it is waited for that. */
const PATIENCE_SECONDS = 15 * 60;

/**
 * Checks what is asked of a batch before anything is uploaded for it.
 *
 * @param inspection of its file
 * @throws ClientError or RefusedError
 */
export async function checkWish(
  { client: { handler } }: AddingPorts,
  wish: AddWish,
  inspection: InspectionInfo | undefined,
): Promise<void> {
  const message = checkMessage(wish, handler.providers);
  const names = await checkProviders(describedProviders(settingsOf(handler).providers), message);
  const estimates = (inspection?.entries ?? []).flatMap(({ provider, estimate }) =>
    names.includes(provider) && estimate ? [estimate] : [],
  );
  // The rest of what the worker refuses is shown before: this depends on what was typed since.
  const costs = estimates.map(({ cost }) => cost);
  const cost = costs.includes(null) ? undefined : Math.max(...costs.map((each) => each ?? 0));
  const reason = costRefusal(message.maxCost, cost, estimates[0]?.model ?? '');
  if (reason) throw new RefusedError(reason);
}

/**
 * Adds a file as a batch, and waits until the handler has taken it in or refused it. Each outcome is told
 * by `onChange`: it throws nothing.
 */
export async function addUpload(
  { path, name }: { readonly path: string; readonly name: string },
  wish: AddWish & { readonly batchId: string },
  ports: AddingPorts,
  { onChange, signal }: AddingCalls,
): Promise<void> {
  const { client, now } = ports;
  const { batchId } = wish;
  const messageOf = (error: unknown): string =>
    // The file has a name of its own here, which says nothing to anybody.
    failureOf(error, ports).message.replaceAll(path, name);
  let added: AddedBatch;
  try {
    onChange({ step: 'reading', batchId });
    const since = now();
    added = await client.addBatch(
      { ...wish, file: path },
      { signal, onProgress: (bytes) => onChange({ step: 'uploading', batchId, bytes, since }) },
    );
  } catch (error) {
    if (signal.aborted) return onChange({ step: 'cancelled', batchId });
    return onChange({ step: 'failed', batchId, message: messageOf(error) });
  }
  if (added.existing !== undefined) {
    const canRetry = await canRunAgain(client, added.batchId).catch(() => false);
    return onChange({ step: 'existing', batchId, status: added.existing, canRetry });
  }
  await awaitVerdict(added, ports, { onChange, signal }, messageOf);
}

/** Without rows, no request ever ran, and a retry would be refused. */
async function canRunAgain(client: BatchHandlerClient, batchId: string): Promise<boolean> {
  const batch = await client.getBatch(batchId);
  return batch !== undefined && isEnded(batch.status) && batch.results !== undefined;
}

async function awaitVerdict(
  added: AddedBatch,
  { client }: AddingPorts,
  { onChange, signal }: AddingCalls,
  messageOf: (error: unknown) => string,
): Promise<void> {
  const { batchId } = added;
  onChange({ step: 'sent', batchId });
  const taken = new AbortController();
  try {
    if (!(await isRun(client.connection)))
      onChange({
        ...{ step: 'sent', batchId },
        note: messageOf(notRunning(client.handler, `the message for ${batchId} is sent`)),
      });
    await client.waitForBatch(added, {
      ...{ pollSeconds: POLL_SECONDS, timeoutSeconds: PATIENCE_SECONDS },
      signal: AbortSignal.any([taken.signal, signal]),
      onPoll: () => taken.abort(),
    });
    onChange({ step: 'accepted', batchId });
  } catch (error) {
    if (taken.signal.aborted) return onChange({ step: 'accepted', batchId });
    if (signal.aborted) return;
    if (error instanceof ClientError && error.code === 'refused')
      return onChange({ step: 'refused', batchId, message: messageOf(error) });
    onChange({ step: 'sent', batchId, note: messageOf(error) });
  }
}
