import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../shared/terminal.ts';
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
    '--timeout <duration>',
    'longest wait, such as 90s, 45m or 2h; the command then exits with 1',
    readDuration,
  );
}

export function watchSettings({ timeout, json, local, directory }: WaitingOptions): WatchSettings {
  const isHere = local !== undefined || directory !== undefined;
  const pollSeconds = isHere ? LOCAL_POLL_SECONDS : POLL_SECONDS;
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

export function readCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be 0 or a whole number greater than 0.');
  return value;
}

export function readPositiveCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number greater than 0.');
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

/** @returns seconds */
export function readDuration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds <= 0)
    throw new InvalidArgumentError('It must be a duration such as 90s, 45m, 2h or 1d.');
  return seconds;
}

/** A time, or how many seconds it is ahead. */
export type Moment = { readonly time: string } | { readonly inSeconds: number };

export function readMoment(text: string): Moment {
  const inSeconds = parseDuration(text);
  if (inSeconds !== undefined && /[smhdw]$/.test(text)) return { inSeconds };
  const time = new Date(text);
  // A bare number would be taken for a year.
  if (!/\d-\d/.test(text) || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError(
      'It must be a time such as 2027-01-01T00:00:00Z, or a duration from now such as 2h.',
    );
  return { time: time.toISOString() };
}

/** @returns ISO 8601 */
export function timeOf(moment: Moment, now: number): string {
  return 'time' in moment ? moment.time : new Date(now + moment.inSeconds * 1000).toISOString();
}

/** The values of an option that takes several, separated by commas. */
export function readList(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}
