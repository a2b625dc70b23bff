import { expect, test } from 'vitest';
import {
  localTimeoutSeconds,
  localVisibilitySeconds,
  timeScaleFor,
} from '../../../local/lambda/timeouts.ts';

const MEGABYTE = 1024 * 1024;

test.each([
  [60, 0, 1],
  [2, 0, 1 / 30],
  [2, MEGABYTE, 1 / 30],
  [2, 180 * MEGABYTE, 0.1],
  [60, 180 * MEGABYTE, 1],
])('%f s between sweeps and %i bytes of input scale waits by %f', (seconds, bytes, scale) => {
  expect(timeScaleFor(seconds, bytes)).toBeCloseTo(scale);
});

test.each([
  [900, 1 / 30, 30],
  [300, 1 / 30, 20],
  [3, 1 / 30, 3],
  [900, 1, 900],
])('a timeout of %i s scaled by %f is %i s', (seconds, scale, expected) => {
  expect(localTimeoutSeconds(seconds, scale)).toBe(expected);
});

test('a message is hidden for longer than its function may run, and not for much longer', () => {
  expect(localVisibilitySeconds(5400, 30)).toBe(35);
  expect(localVisibilitySeconds(22, 20)).toBe(22);
});
