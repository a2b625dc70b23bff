import { rm } from 'node:fs/promises';
import { parseRequestLine } from '../../jsonl/checkRequest.ts';
import { translateLines } from '../../jsonl/scratch.ts';
import type { UploadFile } from '../google/rest.ts';
import type { Submission } from '../provider.ts';
import { KEY_LABEL, referenceOf } from './api.ts';
import { classify } from './errors.ts';
import type { Jobs } from './jobs.ts';
import type { Route } from './requests.ts';
import type { Store } from './store.ts';

/** Writes the translated requests to disk, uploads them to the store, then sends one create call. */
export async function submit(
  jobs: Jobs,
  store: Store,
  route: Route,
  submission: Submission,
): Promise<{ jobId: string }> {
  const { key, createDeadlineMs, beforeCreate } = submission;
  await upload(store, route, submission);
  const job = {
    displayName: key,
    model: route.model,
    ...store.configOf(key),
    labels: { [KEY_LABEL]: key },
  };
  try {
    beforeCreate?.();
    return { jobId: await jobs.create(job, createDeadlineMs) };
  } catch (error) {
    const refused = classify(error, 'create');
    // Best effort: the clean-up of the batch deletes it too.
    if (refused.kind !== 'uncertain') await store.deleteInput(key, 0).catch(() => undefined);
    throw refused;
  }
}

async function upload(store: Store, route: Route, { key, file }: Submission): Promise<void> {
  // Next to the requests, in a directory that is removed after a crash.
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

/** Writes the translated requests to a file. */
async function writeInput(path: string, source: string, route: Route): Promise<UploadFile> {
  const bytes = await translateLines(source, path, (line) => {
    const { custom_id: customId, body } = parseRequestLine(line);
    return Buffer.from(JSON.stringify(route.line(body, referenceOf(customId))));
  });
  return { path, bytes };
}
