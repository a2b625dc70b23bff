import { Duration, Size } from 'aws-cdk-lib';

export interface FunctionSpec {
  readonly description: string;
  readonly timeout: Duration;
  /** The share of a CPU grows with it: 1,769 MiB are one whole. */
  readonly memoryMiB: number;
  readonly ephemeralStorage?: Size;
}

/** The four functions of a handler. */
export const FUNCTION_SPECS = {
  intake: {
    description: 'Takes in the messages of the batch queue',
    timeout: Duration.minutes(1),
    memoryMiB: 512,
  },
  sweeper: {
    description: 'Looks at everything that is due, on a schedule',
    timeout: Duration.minutes(5),
    memoryMiB: 512,
  },
  worker: {
    description: 'Moves the bytes: inspects, submits and collects, one batch at a time',
    timeout: Duration.minutes(15),
    memoryMiB: 1769,
    // The input and the output of a job are spooled to disk.
    ephemeralStorage: Size.gibibytes(10),
  },
  outcome: {
    description: 'Takes in how the invocations of the processor ended',
    timeout: Duration.minutes(1),
    memoryMiB: 256,
  },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof FUNCTION_SPECS;
