import {
  failureText as failureTextOf,
  instantText,
  whyText as whyTextOf,
} from '../shared/client/batchText.ts';
import type { BatchInfo } from '../shared/client/index.ts';
import { durationText } from '../shared/terminal.ts';
import { oneLine, type Style } from './terminal/output.ts';

export { countText, instantText } from '../shared/client/batchText.ts';

/** A time, and how long ago it is or when it will be. */
export function timeText(time: string, now: number): string {
  return `${instantText(time)} (${ago(time, now)})`;
}

export function ago(time: string, now: number): string {
  const milliseconds = now - Date.parse(time);
  return milliseconds < 0
    ? `in ${durationText(-milliseconds)}`
    : `${durationText(milliseconds)} ago`;
}

export function durationBetween(from: string, to: string): string {
  return durationText(Date.parse(to) - Date.parse(from));
}

/** US dollars with cents, and small amounts with two significant digits. */
export function costText(cost: number | null): string {
  if (cost === null) return '?';
  if (cost === 0 || cost >= 0.1) return `$${cost.toFixed(2)}`;
  return `$${cost.toPrecision(2)}`;
}

/** {@link whyTextOf} in one line. */
export function whyText(batch: Parameters<typeof whyTextOf>[0]): string {
  return oneLine(whyTextOf(batch));
}

const STYLES: Partial<Record<BatchInfo['status'], Style>> = {
  completed: 'green',
  failed: 'red',
  cancelled: 'yellow',
  retrying: 'yellow',
};

export function statusStyle({ status }: Pick<BatchInfo, 'status'>): Style {
  return STYLES[status] ?? 'cyan';
}

type Failed = Pick<BatchInfo, 'batchId' | 'failures' | 'problems' | 'errors' | 'inputErrors'>;

/** What failed in a batch, or what is wrong with its input, in one line; empty if nothing is. */
export function failureText(batch: Parameters<typeof failureTextOf>[0]): string {
  return oneLine(failureTextOf(batch));
}

/** Names the command that prints all that {@link failureText} sums up; undefined if there is none. */
export function allFailuresHint(batch: Failed): string | undefined {
  const { batchId, failures, problems, errors, inputErrors } = batch;
  const hasFile = problems ? inputErrors !== undefined : failures && errors !== undefined;
  return hasFile ? `all: batch-handler results ${batchId} --errors` : undefined;
}
