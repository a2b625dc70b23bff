import type { Log } from '../batch/ports.ts';
import type { BatchHandlerClient } from '../client/client.ts';
import type { LiveHub } from './live.ts';
import type { BatchMirror } from './mirror.ts';

/** What the console is made of. It does what the client library can, and what an operator's commands do. */
export interface ConsolePorts {
  readonly client: BatchHandlerClient;
  /** Whether it refuses everything that changes something. */
  readonly isReadOnly: boolean;
  /** Completes the commands in a text, such as `batch-handler show x`, so that they can be pasted. */
  readonly hint: (text: string) => string;
  /** An error of AWS, or of what takes its place, as one sentence with its fix. */
  readonly explain: (error: unknown) => string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Aborted when the server ends: what it keeps for the page goes with it. */
  readonly ended: AbortSignal;
}

/** What the routes of a screen are made of. */
export interface ScreenPorts extends ConsolePorts {
  readonly mirror: BatchMirror;
  readonly hub: LiveHub;
}
