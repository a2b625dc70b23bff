import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { lineGroups } from '../../jsonl/lines.ts';
import type { Submission } from '../provider.ts';
import { referenceOf } from '../translation/rows.ts';
import { classify, KEY_LABEL } from './api.ts';
import type { Jobs } from './jobs.ts';
import type { Route } from './requests.ts';
import type { InputFile, Store } from './store.ts';

/** Translates the requests onto disk, puts them into the store, then sends one create call. */
export async function submit(
  jobs: Jobs,
  store: Store,
  route: Route,
  submission: Submission,
): Promise<{ jobId: string }> {
  const { key, createDeadlineMs } = submission;
  await upload(store, route, submission);
  const job = {
    displayName: key,
    model: route.model,
    ...store.configOf(key),
    labels: { [KEY_LABEL]: key },
  };
  try {
    return { jobId: await jobs.create(job, createDeadlineMs) };
  } catch (error) {
    const refused = classify(error, 'create');
    // Best effort: the clean-up of the batch deletes it too, and the refusal is what matters.
    if (refused.kind !== 'uncertain') await store.deleteInput(key, 0).catch(() => undefined);
    throw refused;
  }
}

async function upload(store: Store, route: Route, { key, file }: Submission): Promise<void> {
  // Beside the requests, whose directory is emptied after a crash.
  const path = `${file.path}.vertex.jsonl`;
  try {
    await store.checkOutput(key);
    await store.upload(key, await writeInput(path, file.path, route), route.columns);
  } catch (error) {
    throw classify(error, 'upload');
  } finally {
    await rm(path, { force: true });
  }
}

const BUFFER_CHARACTERS = 256 * 1024;

/** Writes the translated requests to a file: memory holds a few lines, whatever its size. */
export async function writeInput(path: string, source: string, route: Route): Promise<InputFile> {
  await using target = await open(path, 'w');
  let pending = '';
  for await (const group of lineGroups(createReadStream(source)))
    for (const { bytes } of group) {
      const { custom_id: customId, body } = parseLine(bytes);
      pending += `${JSON.stringify(route.line(body, referenceOf(customId)))}\n`;
      if (pending.length < BUFFER_CHARACTERS) continue;
      await target.writeFile(pending);
      pending = '';
    }
  await target.writeFile(pending);
  return { path, bytes: (await stat(path)).size };
}

interface Request {
  readonly custom_id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function parseLine(bytes: Buffer): Request {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // The parser's own message would quote the request. It was parsed when it was inspected.
    throw new Error('a line of the scratch file is not JSON');
  }
}
