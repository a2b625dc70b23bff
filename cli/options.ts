import { type Command, InvalidArgumentError } from 'commander';
import type { ConnectionOptions } from './connect.ts';

/** Options of a command that can wait. */
export interface WaitingOptions extends ConnectionOptions {
  readonly timeout?: number;
  readonly json?: true;
}

export interface WatchSettings {
  readonly json: boolean;
  readonly pollSeconds: number;
  readonly timeoutSeconds: number | undefined;
}

/** A deployed handler sweeps once a minute, a local one every few seconds. */
const POLL_SECONDS = 3;
const LOCAL_POLL_SECONDS = 0.5;

export function withTimeout(command: Command): Command {
  return command.option(
    '--timeout <seconds>',
    'longest wait; the command then exits with 1',
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
    throw new InvalidArgumentError('It must be a number greater than 0.');
  return value;
}

export function readNotNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be 0 or a number greater than 0.');
  return value;
}

export function readInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

/** Adds a `key=value` to those before it. */
export function readPair(
  text: string,
  pairs: Readonly<Record<string, string>>,
): Record<string, string> {
  const sign = text.indexOf('=');
  if (sign < 1) throw new InvalidArgumentError('It must look like key=value.');
  return { ...pairs, [text.slice(0, sign)]: text.slice(sign + 1) };
}

export function readTime(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('It must be a time such as 2027-01-01T00:00:00Z.');
  return time.toISOString();
}

/** The values of an option that takes several, separated by commas. */
export function readList(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}
