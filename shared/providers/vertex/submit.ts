import { rm } from 'node:fs/promises';
import type { Submission } from '../provider.ts';
import { classify } from './classify.ts';
import { writeInput } from './input.ts';
import type { Jobs } from './jobs.ts';
import { KEY_LABEL } from './names.ts';
import type { Route } from './route.ts';
import type { Store } from './store.ts';

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
