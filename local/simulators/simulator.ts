import type { Injection } from './faults.ts';
import type { JournalContent } from './journalReader.ts';

/** A running simulator of one provider. */
export interface Simulator {
  /** The base URL for the provider's SDK. */
  readonly url: string;
  readonly port: number;
  /** Makes the next calls that match go wrong. */
  inject(injection: Injection): void;
  /** What happened so far, after everything that is due by now has been done. */
  journal(): Promise<JournalContent>;
  /** Breaks all connections; a new simulator with the same data goes on. */
  close(): Promise<void>;
}
