import { existsSync } from 'node:fs';
import { type JournalEvent, journalPath, sentPath, succeededPath } from './journal.ts';
import { readLines } from './lines.ts';
import type { PlanWord } from './plan.ts';

/** One job, from everything the journal says of it. */
export interface JournalJob {
  readonly jobId: string;
  readonly batch: string;
  readonly key: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly word: PlanWord;
  /** Absent until the job has ended. */
  readonly status: string | undefined;
  /** The `custom_id`s of its input. */
  readonly sent: readonly string[];
  /** The `custom_id`s with a successful row. */
  readonly succeeded: readonly string[];
}

export interface JournalContent {
  readonly events: readonly JournalEvent[];
  /** Oldest first. */
  readonly jobs: readonly JournalJob[];
}

/**
 * The journal of a simulator, which may be running in another process.
 *
 * @param dataDir the simulator's
 */
export async function readJournal(dataDir: string): Promise<JournalContent> {
  const directory = journalDirectory(dataDir);
  const events = await readAll<JournalEvent>(journalPath(directory));
  const jobs: JournalJob[] = [];
  for (const event of events) {
    if (event.event !== 'created') continue;
    const { jobId, batch, key, word, time } = event;
    const end = events.find((other) => other.event === 'ended' && other.jobId === jobId);
    jobs.push({
      jobId,
      batch,
      key,
      word,
      createdAt: time,
      status: end?.event === 'ended' ? end.status : undefined,
      sent: await readAll<string>(sentPath(directory, jobId)),
      succeeded: await readAll<string>(succeededPath(directory, jobId)),
    });
  }
  return { events, jobs };
}

/** Where a simulator with this data directory keeps its journal. */
export function journalDirectory(dataDir: string): string {
  return `${dataDir}/journal`;
}

/** The requests that a batch sent again although they had succeeded before. */
export function sentAgain(
  jobs: readonly JournalJob[],
): { batch: string; customId: string; jobId: string }[] {
  const succeeded = new Set<string>();
  const again: { batch: string; customId: string; jobId: string }[] = [];
  for (const { batch, jobId, ...job } of jobs) {
    for (const customId of job.sent)
      if (succeeded.has(`${batch} ${customId}`)) again.push({ batch, customId, jobId });
    for (const customId of job.succeeded) succeeded.add(`${batch} ${customId}`);
  }
  return again;
}

async function readAll<Value>(path: string): Promise<Value[]> {
  const values: Value[] = [];
  if (existsSync(path))
    for await (const line of readLines(path)) values.push(JSON.parse(line.bytes.toString()));
  return values;
}
