import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeadLetter } from '../shared/batch/clientPorts.ts';
import { ownObject, uploadKey } from '../shared/batch/ids.ts';
import { s3Url } from '../shared/batch/messages.ts';
import { connectAws } from '../shared/client/awsConnection.ts';
import type { HandlerConnection } from '../shared/client/connection.ts';
import { createDescriber } from '../shared/client/describe.ts';
import type { ClientPorts } from '../shared/client/index.ts';
import { listBatches } from '../shared/client/listBatches.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION, LOG_DIRECTORY } from '../shared/client/localStack.ts';
import { saveFile } from '../shared/client/saveFile.ts';
import { fileContent, upload } from '../shared/client/upload.ts';
import { type Addition, selectBatches } from './additions.ts';
import { type BatchReader, type BatchView, isFinished, readViews } from './batches.ts';
import { type RowFiles, rowFiles } from './results.ts';
import type { Session, SessionOptions } from './session.ts';
import type { RunningStack } from './stack.ts';
import { knownHandlerNames } from './stackSettings.ts';

/** The batches of a running stack that has replaced ports, read and added through the same ports. */
export async function openPortSession(
  { resources, endpointUrl }: RunningStack,
  options: SessionOptions,
  ports: ClientPorts,
): Promise<Session> {
  const access = { endpoint: endpointUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const logDirectory = join(options.dataDirectory, LOG_DIRECTORY);
  const connection = await connectAws(access, options.stackName, { logDirectory, ports });
  const { describe } = createDescriber(connection);
  const reader = connectedReader(connection);
  const resultDirectory = join(options.dataDirectory, 'results');
  return {
    names: knownHandlerNames(resources),
    reader,
    select: async (files) =>
      selectBatches({
        ...options,
        files,
        reader,
        refused: await refusalsOf(connection, options.additions.all),
        add: (addition) => addBatch(connection, addition),
      }),
    async refusals() {
      const { samples } = await connection.queues.deadLetters('batch');
      return new Map(samples.map((letter) => [letter.messageId, reasonOf(letter)]));
    },
    views: (tracked) => readViews(tracked, reader, () => refusalsOf(connection, tracked), describe),
    collectResults: (views) =>
      Promise.all(
        views.map(async (view) => ({
          view,
          files: isFinished(view)
            ? await copyRows(connection, resultDirectory, view)
            : rowFiles(resultDirectory, view.batchId),
          // Only the user's own objects could tell.
          processed: [],
        })),
      ),
    withoutResults: (view) => ({
      view,
      files: rowFiles(resultDirectory, view.batchId),
      processed: [],
    }),
  };
}

function connectedReader(connection: HandlerConnection): BatchReader {
  return {
    get: (batchId) => connection.batches.get(batchId),
    async listUnfinished() {
      const ids: string[] = [];
      for await (const { batchId } of listBatches(connection, { status: 'open' }))
        ids.push(batchId);
      return ids;
    },
  };
}

/** Why some of these messages were refused, by message id. */
async function refusalsOf(
  { queues }: HandlerConnection,
  sent: readonly { readonly messageId?: string | undefined }[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { messageId } of sent) {
    const letter = messageId === undefined ? undefined : await queues.findRefused(messageId);
    if (letter) found.set(letter.messageId, reasonOf(letter));
  }
  return found;
}

function reasonOf({ reason }: DeadLetter): string {
  return reason ?? 'no function could handle its message; see the logs';
}

async function addBatch(
  { objects, queues }: HandlerConnection,
  { batchId, file }: Addition,
): Promise<string> {
  const key = uploadKey(batchId);
  await upload(objects, key, await fileContent(file));
  return queues.send({ batchId, file: s3Url(ownObject(objects, key)) });
}

async function copyRows(
  { objects }: HandlerConnection,
  directory: string,
  { batchId, rows, inputErrorsKey }: Pick<BatchView, 'batchId' | 'rows' | 'inputErrorsKey'>,
): Promise<RowFiles> {
  mkdirSync(directory, { recursive: true });
  const files = rowFiles(directory, batchId);
  const copy = async (key: string | undefined, path: string): Promise<void> => {
    if (!key) return writeFileSync(path, '');
    await saveFile(path, objects.read(ownObject(objects, key)));
  };
  await copy(rows?.results, files.results);
  await copy(rows?.errors ?? inputErrorsKey, files.errors);
  return files;
}
