import { aBatch } from '../../../support/batches.ts';
import { NOW } from '../../../support/given.ts';
import type { World } from '../../../support/world.ts';

/** Puts batches into the table whose jobs run, and their jobs at the provider, the last the newest. */
export function putRunning(w: World, count: number): void {
  for (let number = 0; number < count; number++) {
    const [batchId, id] = [batchName(number), `job_${number}`];
    const submittedAt = NOW - 60_000;
    w.batches.put(
      aBatch({
        batchId,
        status: 'running',
        attempt: 1,
        job: { id, submission: 1, submittedAt, acceptedAt: submittedAt },
        dueAt: NOW - count + number,
      }),
    );
    addJob(w, id, batchId);
  }
}

/** The index shows as little of them as an earlier version has written. */
export function asEarlierVersions(w: World): void {
  const { listActive } = w.batches;
  w.batches.listActive = async (provider, cursor) => {
    const page = await listActive(provider, cursor);
    return { ...page, items: page.items.map(({ running: _, ...hint }) => hint) };
  };
}

export function addJob(w: World, id: string, batchId: string): void {
  const job = { id, key: 'key', batchId, createdAt: NOW, lines: [], cancelled: false };
  w.provider.jobs.push({ ...job, state: { state: 'running' } });
}

function batchName(number: number): string {
  return `b${number}`;
}

/** In the order in which a sweep checks them. */
export function names(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => batchName(from + index)).toSorted();
}

/** The batches whose jobs were asked about one by one, in the order of the calls. */
export function noteChecks(
  w: World,
  answer: (jobId: string) => Promise<void> = async () => {},
): string[] {
  const asked: string[] = [];
  const { check } = w.provider;
  w.provider.check = async (jobId) => {
    asked.push(jobId.replace('job_', 'b'));
    await answer(jobId);
    return check(jobId);
  };
  return asked;
}

/** All that is under way comes as far as it can. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
