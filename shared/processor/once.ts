import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../batch/errors.ts';
import type { EffectRecord } from '../stores/onceRecords.ts';

/** Covers clocks that differ, and requests in flight of a function that is killed. */
const LEASE_MARGIN_MS = 10_000;
/** Between two reads of the record while another invocation runs. */
const POLL_MS = 1_000;
/** Time that is left to the function when it stops waiting, so that it can throw its reason. */
const STOP_BEFORE_TIMEOUT_MS = 5_000;

/**
 * Runs the effect of a delivery unless it has happened already.
 *
 * If another invocation runs the effect, this one waits as long as its own time allows. It could
 * throw at once, but after a crash the claim stays for the rest of the crashed function's time, in
 * which all redeliveries would be used up. It never takes the claim over after waiting, because the
 * little time that is left would only interrupt the effect again.
 *
 * @param remainingMs how long the function may still run
 * @throws what `effect` throws; Error if another invocation does not finish the effect in time, or
 *   ends without it
 */
export async function once(
  deliveryId: string,
  record: EffectRecord,
  remainingMs: number,
  effect: () => Promise<void>,
): Promise<void> {
  const token = randomUUID();
  const deadline = Date.now() + remainingMs;
  if (!(await record.claim(token, Date.now(), deadline + LEASE_MARGIN_MS))) {
    return waitForOther(deliveryId, record, deadline - STOP_BEFORE_TIMEOUT_MS);
  }
  try {
    await effect();
  } catch (error) {
    await record.release(token).catch(warn(`delivery ${deliveryId}: its claim was not released`));
    throw error;
  }
  // A failure is only a warning: throwing would have the effect happen again.
  await record
    .finish(token, Date.now())
    .catch(warn(`delivery ${deliveryId}: its effect has happened and was not recorded`));
}

async function waitForOther(
  deliveryId: string,
  record: EffectRecord,
  deadline: number,
): Promise<void> {
  for (;;) {
    const found = await record.read();
    if (found === 'done') return;
    const now = Date.now();
    if (!found || found.leaseUntil <= now) {
      throw new Error(
        `delivery ${deliveryId} was in progress in another invocation, which ended without its effect: it is delivered again`,
      );
    }
    if (now >= deadline) {
      const until = new Date(found.leaseUntil).toISOString();
      throw new Error(
        `delivery ${deliveryId} is in progress in another invocation, until ${until} at the latest: it is delivered again`,
      );
    }
    await setTimeout(POLL_MS);
  }
}

function warn(what: string): (error: unknown) => void {
  return (error) => process.emitWarning(`${what}: ${messageOf(error)}`);
}
