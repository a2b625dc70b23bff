import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanWord } from './plan.ts';

/** What a simulator did, in order. Times are milliseconds since 1970. */
export type JournalEvent = { readonly time: number } & (
  | { readonly event: 'uploaded'; readonly fileId: string; readonly bytes: number }
  | { readonly event: 'deleted'; readonly fileId: string }
  | {
      readonly event: 'created';
      readonly jobId: string;
      /** What the job belongs to: the batch id of its metadata, or else its file's name. */
      readonly batch: string;
      /** The submission key, where the job carries one. */
      readonly key?: string;
      readonly word: PlanWord;
      /** Absent where the requests came with the call. */
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
  /** A webhook was answered so; 0: there was no answer, or nothing was sent. */
  | {
      readonly event: 'webhook';
      readonly jobId: string;
      readonly word: string;
      readonly status: number;
    }
);

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'time'> : never;

/**
 * The evidence of what a provider was asked and what it did: one line per event on disk. The
 * `custom_id`s of a job stand in files of their own, since they may be many.
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

/** The journal's file in a simulator's directory. */
export function journalPath(directory: string): string {
  return join(directory, 'journal.jsonl');
}

/** One JSON string per request of the job: its `custom_id`. */
export function sentPath(directory: string, jobId: string): string {
  return join(directory, `${jobId}.sent.jsonl`);
}

/** The same of the requests that succeeded. */
export function succeededPath(directory: string, jobId: string): string {
  return join(directory, `${jobId}.succeeded.jsonl`);
}
