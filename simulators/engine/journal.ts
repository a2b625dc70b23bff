import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedOutcome } from './plan.ts';

/** One thing that a simulator did. Times are milliseconds since 1970. */
export type JournalEvent = { readonly time: number } & (
  | { readonly event: 'uploaded'; readonly fileId: string; readonly bytes: number }
  | { readonly event: 'deleted'; readonly fileId: string }
  | {
      readonly event: 'created';
      readonly jobId: string;
      /** The batch that the job belongs to: the batch id in its metadata, or else its file's name. */
      readonly batch: string;
      /** The submission key, if the job carries one. */
      readonly key?: string;
      readonly outcome: PlannedOutcome;
      /** Absent if the requests came with the call. */
      readonly fileId?: string;
    }
  | { readonly event: 'inspected'; readonly jobId: string; readonly requests: number }
  | { readonly event: 'cancel_asked'; readonly jobId: string }
  | {
      readonly event: 'ended';
      readonly jobId: string;
      readonly status: string;
      readonly succeeded: number;
      readonly failed: number;
    }
  | {
      readonly event: 'webhook';
      readonly jobId: string;
      /** How the plan for webhooks has it sent. */
      readonly outcome: string;
      /** Of the reply. 0 if there was none, or nothing was sent. */
      readonly status: number;
    }
);

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'time'> : never;

/**
 * The record of what a provider was asked and what it did, one line per event on disk. The
 * `custom_id`s of each job are in files of their own, since there may be many.
 */
export class Journal {
  readonly #directory: string;
  readonly #now: () => number;

  constructor(directory: string, now: () => number) {
    this.#directory = directory;
    this.#now = now;
    mkdirSync(directory, { recursive: true });
  }

  append(event: WithoutTime<JournalEvent>): void {
    const line = JSON.stringify({ time: this.#now(), ...event });
    appendFileSync(journalPath(this.#directory), `${line}\n`);
  }

  sentPath(jobId: string): string {
    return sentPath(this.#directory, jobId);
  }

  succeededPath(jobId: string): string {
    return succeededPath(this.#directory, jobId);
  }
}

function journalPath(directory: string): string {
  return join(directory, 'journal.jsonl');
}

/** A file with one JSON string per request of the job: its `custom_id`. */
function sentPath(directory: string, jobId: string): string {
  return join(directory, `${jobId}.sent.jsonl`);
}

/** A file like that of `sentPath`, with the requests that succeeded. */
function succeededPath(directory: string, jobId: string): string {
  return join(directory, `${jobId}.succeeded.jsonl`);
}

/** One job, put together from the journal. */
export interface JournalJob {
  readonly jobId: string;
  readonly batch: string;
  readonly key: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly outcome: PlannedOutcome;
  /** Undefined until the job has ended. */
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
 * Reads the journal of a simulator, which may be running in another process.
 *
 * @param dataDir the simulator's data directory
 */
export async function readJournal(dataDir: string): Promise<JournalContent> {
  const directory = journalDirectory(dataDir);
  const events = await readValues<JournalEvent>(journalPath(directory));
  const jobs: JournalJob[] = [];
  for (const event of events) {
    if (event.event !== 'created') continue;
    const { jobId, batch, key, outcome, time } = event;
    const end = events.find((other) => other.event === 'ended' && other.jobId === jobId);
    jobs.push({
      jobId,
      batch,
      key,
      outcome,
      createdAt: time,
      status: end?.event === 'ended' ? end.status : undefined,
      sent: await readValues<string>(sentPath(directory, jobId)),
      succeeded: await readValues<string>(succeededPath(directory, jobId)),
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

/** Reads a file at once: a journal has two for each job, and most hold a line or two. */
async function readValues<Value>(path: string): Promise<Value[]> {
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}
