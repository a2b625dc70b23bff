import { type Command, InvalidArgumentError } from 'commander';
import type { WatchSettings } from './commands/watch.ts';
import type { ConnectionOptions } from './connect.ts';

/** Options of a command that waits. */
export interface WaitingOptions extends ConnectionOptions {
  readonly timeout?: number;
  readonly json?: true;
}

/** A sweep a minute changes nothing faster than that; a local run sweeps every few seconds. */
const POLL_SECONDS = 3;
const LOCAL_POLL_SECONDS = 0.5;

export function withTimeout(command: Command): Command {
  return command.option(
    '--timeout <seconds>',
    'waits no longer than that: exit code 1',
    readPositive,
  );
}

export function watchSettings({ timeout, json, local }: WaitingOptions): WatchSettings {
  const pollSeconds = local === undefined ? POLL_SECONDS : LOCAL_POLL_SECONDS;
  return { json: json === true, pollSeconds, timeoutSeconds: timeout };
}

export function readPositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new InvalidArgumentError('It must be a number over 0.');
  return value;
}
