import { expect, it } from 'vitest';
import { Latest } from '../../../shared/client/latest.ts';

/** Reads 1, 2, 3…, at a time that the test sets. */
function counting(maxAgeMs: number | ((value: number) => number)) {
  const clock = { now: 1_000 };
  let reads = 0;
  const latest = new Latest(async () => ++reads, { maxAgeMs, now: () => clock.now });
  return { clock, latest };
}

it('reads again once what was read is too old, and not before', async () => {
  const { clock, latest } = counting(10);
  expect(await latest.get()).toBe(1);
  clock.now += 9;
  expect(await latest.get()).toBe(1);
  clock.now += 1;
  expect(await latest.get()).toBe(2);
});

it('lets what was read say how long it counts', async () => {
  const { clock, latest } = counting((value) => (value === 1 ? 5 : 50));
  await latest.get();
  clock.now += 5;
  expect(await latest.get()).toBe(2);
  clock.now += 49;
  expect(await latest.get()).toBe(2);
});

it('reads once for those that ask at the same time', async () => {
  const { latest } = counting(10);
  expect(await Promise.all([latest.get(), latest.get()])).toEqual([1, 1]);
});

it('reads again after a clock was set back', async () => {
  const { clock, latest } = counting(10);
  await latest.get();
  clock.now -= 3_600_000;
  expect(await latest.get()).toBe(2);
});

it('reads again if it is told to forget, also while it reads', async () => {
  const { latest } = counting(10);
  const first = latest.get();
  latest.forget();
  expect(await latest.get()).toBe(2);
  expect(await first).toBe(1);
  expect(await latest.get()).toBe(2);
});

it('keeps no error', async () => {
  let isBroken = true;
  const read = async () => {
    if (isBroken) throw new Error('the table is away');
    return 'read';
  };
  const latest = new Latest(read, { maxAgeMs: 10, now: () => 0 });
  await expect(latest.get()).rejects.toThrow('the table is away');
  isBroken = false;
  expect(await latest.get()).toBe('read');
});
