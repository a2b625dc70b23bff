import { describe, expect, it } from 'vitest';
import { newPart } from '../../../../shared/batch/newRecord.ts';
import { EVENTS, given, INPUT, LIVE, NOW, next, SLICES, when } from '../../../support/given.ts';

describe('the time of the inspection', () => {
  it('is recorded with what it has found, and parts have it from their batch', () => {
    const inspected = next(when(given('inspecting', { claim: LIVE }), EVENTS.inspected));
    expect(inspected.input?.inspectedAt).toBe(NOW);

    const parent = given('split', { input: { ...INPUT, inspectedAt: NOW - 5, parts: SLICES } });
    const [slice] = SLICES;
    if (!slice) throw new Error('there is no slice');
    const part = newPart(parent, { number: 1, slice, keyPrefix: 'bh0123456789abcdef' }, NOW);
    expect(part.input.inspectedAt).toBe(NOW - 5);
  });
});

const pending = { number: 1, attempt: 1, invocations: 1, pending: true, startedAt: NOW - 60_000 };
const waiting = { ...pending, pending: false };

describe('the times of a delivery', () => {
  it('begin with its first invocation', () => {
    const collecting = given('collecting', { claim: LIVE });
    const all = { total: 10, succeeded: 10, failed: 0, unfinished: 0 };
    const first = next(when(collecting, { ...EVENTS.collected, counts: all }));
    expect(first.delivery).toMatchObject({ attempt: 1, startedAt: NOW });
    expect(first.delivery).not.toHaveProperty('endedAt');

    const again = next(when(given('delivering', { delivery: waiting }), EVENTS.due));
    expect(again.delivery).toMatchObject({ attempt: 2, startedAt: NOW - 60_000 });
  });

  it('are unknown of a delivery that an earlier version began', () => {
    const { startedAt, ...delivery } = waiting;
    const again = next(when(given('delivering', { delivery }), EVENTS.due));
    expect(again.delivery).not.toHaveProperty('startedAt');
  });

  it.each([
    ['a success', EVENTS.delivered, pending, 'completed'],
    [
      'the last failure',
      { ...EVENTS.deliveryFailed, deliveryAttempt: 5 },
      { ...pending, attempt: 5 },
      'failed',
    ],
  ] as const)('end with %s', (_, event, delivery, status) => {
    const batch = next(when(given('delivering', { delivery }), event));
    expect(batch).toMatchObject({ status, delivery: { endedAt: NOW } });
    expect(batch.delivery).toMatchObject({ startedAt: NOW - 60_000 });
  });

  it('do not end with a failure after which it is tried again', () => {
    const batch = next(when(given('delivering', { delivery: pending }), EVENTS.deliveryFailed));
    expect(batch.delivery).not.toHaveProperty('endedAt');
  });

  it('end with a success that comes after the batch was given up', () => {
    const failed = given('failed', { delivery: { ...pending, endedAt: NOW - 500 } });
    const batch = next(when(failed, EVENTS.delivered));
    expect(batch).toMatchObject({ status: 'completed', delivery: { endedAt: NOW } });
  });

  it('are those of the new delivery once it is delivered again', () => {
    const completed = given('completed', { delivery: { ...waiting, endedAt: NOW - 500 } });
    const { delivery } = next(when(completed, EVENTS.redeliverRequested));
    expect(delivery).toMatchObject({ number: 2, startedAt: NOW });
    expect(delivery).not.toHaveProperty('endedAt');
  });

  it('stay when the batch is run again and ends without another delivery', () => {
    const earlier = { ...waiting, endedAt: NOW - 500 };
    const again = given('collecting', { claim: LIVE, cancelRequested: true, delivery: earlier });
    const batch = next(when(again, EVENTS.collected));
    expect(batch).toMatchObject({ status: 'cancelled', delivery: earlier });
  });

  it('are absent of a batch that ends before any', () => {
    const batch = next(when(given('inspecting', { cancelRequested: true }), EVENTS.due));
    expect(batch.status).toBe('cancelled');
    expect(batch).not.toHaveProperty('delivery');
  });
});
