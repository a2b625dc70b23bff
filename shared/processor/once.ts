import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { dynamodbClient } from '../aws/clients/dynamodb.ts';
import { type EffectRecord, realEffectRecord } from '../aws/onceRecords.ts';
import { messageOf } from '../batch/errors.ts';

/** For clocks that disagree, and for requests on the wire of a function that is killed. */
const LEASE_MARGIN_MS = 10_000;
/** Between two looks at what another invocation is doing. */
const LOOK_AGAIN_MS = 1_000;
/** What is left of the function's time when it stops waiting, so that it can still tell why. */
const ANSWER_MS = 5_000;

export { dynamodbClient, realEffectRecord };

/**
 * Runs the effect of a delivery unless it has happened.
 *
 * While another invocation is at it, this one waits as long as its own time allows. It could throw
 * at once, but after a crash the claim stands for the rest of the crashed function's time, in
 * which all redeliveries would be used up. It never takes over what it has waited for: the little
 * time that is left of its own would only break the effect off once more.
 *
 * @param remainingMs how long the function may still run
 * @throws what `effect` throws; and Error if another invocation is at it and does not end in time,
 *   or ends without the effect
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
    return waitForOther(deliveryId, record, deadline - ANSWER_MS);
  }
  try {
    await effect();
  } catch (error) {
    await record.release(token).catch(warn(`delivery ${deliveryId}: its claim was not released`));
    throw error;
  }
  // The effect has happened, and to say so is what keeps it from happening again.
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
    await setTimeout(LOOK_AGAIN_MS);
  }
}

function warn(what: string): (error: unknown) => void {
  return (error) => process.emitWarning(`${what}: ${messageOf(error)}`);
}
