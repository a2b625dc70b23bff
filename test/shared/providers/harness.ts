import type { Injection } from '../../../local/simulators/faults.ts';
import type { JournalContent } from '../../../local/simulators/journalReader.ts';
import type { PlanWord } from '../../../local/simulators/plan.ts';
import type { Provider } from '../../../shared/providers/provider.ts';

/** How a simulated provider is to behave. */
export interface SimulationOptions {
  readonly plan?: readonly PlanWord[];
  /** From a job's creation to its end. Default: a moment. */
  readonly jobSeconds?: number;
  /** It is full: every job is refused, where the provider says so. */
  readonly full?: 'at create' | 'in the job';
  /** It knows another key than the provider under test has. */
  readonly wrongKey?: boolean;
}

/** A running simulator and the provider under test, connected to it. */
export interface Simulation {
  readonly provider: Provider;
  inject(injection: Injection): void;
  journal(): Promise<JournalContent>;
  close(): Promise<void>;
}

type CallPattern = Pick<Injection, 'method' | 'path'>;

/** What the contract must know of one provider. */
export interface Harness {
  readonly name: string;
  readonly endpoint: string;
  /** A request in the OpenAI batch format. */
  request(customId: string): object;
  start(options: SimulationOptions): Promise<Simulation>;
  /** The HTTP calls behind the interface's methods. */
  readonly calls: Readonly<
    Record<
      'upload' | 'create' | 'check' | 'cancel' | 'list' | 'download' | 'listFiles' | 'delete',
      CallPattern
    >
  >;
}
