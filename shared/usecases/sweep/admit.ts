import { isPartId } from '../../batch/newRecord.ts';
import type { WaitingHint } from '../../batch/ports.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { type AdmissionBounds, type Admitted, admit, mayStart } from '../../quota/admission.ts';
import type { Dependencies } from '../dependencies.ts';
import { stopIfOrphan } from '../parts.ts';
import { updateProvider } from '../providerState.ts';
import { transition } from '../transition.ts';
import type { Capacity, CapacityPorts, ProviderCapacity } from './capacity.ts';
import { queuePages } from './queuePages.ts';
import { admittedTo, type SweepRun } from './run.ts';

type AdmitPorts = Parameters<typeof transition>[0] & CapacityPorts;

/** Batches of one provider that found no capacity and may go elsewhere: so many are remembered. */
const MAX_UNPLACED = 1_000;

/** All entries that were ever used. A new one is recorded, so that its queue outlives the entry. */
export async function providerNames(ports: AdmitPorts): Promise<readonly string[]> {
  const known = await ports.providerStates.list();
  const added = ports.providers.names.filter((name) => !known.includes(name));
  for (const name of added) await updateProvider(ports, name, (state) => ({ ...state }));
  return [...known, ...added];
}

/** A batch that found no capacity at its provider and may go elsewhere. */
export interface Unplaced {
  readonly hint: WaitingHint;
  /** Where it waits. */
  readonly provider: string;
}

/**
 * Starts waiting batches of one provider, in turn, as far as there is capacity. An entry that was
 * removed from the configuration starts nothing, but its batches still end at their deadlines.
 *
 * @returns batches that found no capacity here and may go elsewhere
 */
export async function admitTo(
  ports: AdmitPorts,
  run: SweepRun,
  capacities: ProviderCapacity,
  provider: string,
): Promise<readonly Unplaced[]> {
  const unplaced: Unplaced[] = [];
  for await (const page of queuePages(ports, run, provider)) {
    if (run.isOver()) return unplaced;
    if (page.length === 0) continue;
    const now = ports.clock.now();
    await endPastDeadline(ports, run, page, now);
    const waiting = page.filter(({ deadlineAt }) => now < deadlineAt);
    const capacity = await capacities.of(provider);
    capacities.noteWaiting(provider, waiting.length);
    const admitted = capacity ? await admitWaiting(ports, capacities, capacity, waiting) : [];
    for (const each of admitted) await startNext(ports, run, each, provider);
    const started = new Set(admitted.map(({ batch }) => batch));
    const rest = waiting.filter((hint) => !started.has(hint));
    run.gauges.noteQueue(waiting.length, rest, now);
    const movable = rest.filter((hint) => hint.providers).map((hint) => ({ hint, provider }));
    unplaced.push(...movable.slice(0, MAX_UNPLACED - unplaced.length));
  }
  return unplaced;
}

/**
 * Offers batches that found no capacity to the other providers that they may go to: all of them to their
 * first choices, in turn, then what is left to the second ones.
 */
export async function admitElsewhere(
  ports: AdmitPorts,
  run: SweepRun,
  capacities: ProviderCapacity,
  unplaced: readonly Unplaced[],
): Promise<void> {
  const choicesOf = ({ hint, provider }: Unplaced) =>
    hint.providers?.filter((name) => name !== provider) ?? [];
  let left = unplaced.map((each) => ({ hint: each.hint, choices: choicesOf(each) }));
  for (let rank = 0; left.length > 0; rank++) {
    left = left.filter(({ choices }) => choices.length > rank);
    const started = new Set<WaitingHint>();
    for (const provider of new Set(left.flatMap(({ choices }) => choices[rank] ?? []))) {
      if (run.isOver()) return;
      const capacity = await capacities.of(provider);
      if (!capacity) continue;
      const offered = left.filter(({ choices }) => choices[rank] === provider);
      const waiting = offered.map(({ hint }) => hint);
      for (const each of await admitWaiting(ports, capacities, capacity, waiting)) {
        await startNext(ports, run, each, provider);
        started.add(each.batch);
      }
    }
    left = left.filter(({ hint }) => !started.has(hint));
  }
}

async function admitWaiting(
  ports: AdmitPorts,
  capacities: ProviderCapacity,
  capacity: Capacity,
  waiting: readonly WaitingHint[],
): Promise<readonly Admitted[]> {
  await capacities.readBudgets(waiting);
  const bounds = admissionBounds(ports, capacity);
  capacity.share.note(waiting.filter((batch) => mayStart(batch, bounds)));
  return admit(waiting, capacity.usage, bounds);
}

async function startNext(
  ports: AdmitPorts,
  run: SweepRun,
  { batch: { batchId }, splitTo }: Admitted,
  provider: string,
): Promise<void> {
  if (run.isOver()) return;
  await run.safely({ batchId }, async () => {
    const part = isPartId(batchId) ? await ports.batches.get(batchId) : undefined;
    if (part && (await stopIfOrphan(ports, part))) return;
    const event = { type: 'admitted', provider, ...omitUndefined({ splitTo }) } as const;
    const result = await transition(ports, batchId, event, part);
    if (result.type === 'changed') run.admitted.set(provider, admittedTo(run, provider) + 1);
  });
}

function admissionBounds(
  { clock, policy }: Pick<Dependencies, 'clock' | 'policy'>,
  { limits, state, budget, share }: Capacity,
): AdmissionBounds {
  const { reserveAfterSeconds } = policy;
  return { limits, state, now: clock.now(), reserveAfterSeconds, budget, share };
}

async function endPastDeadline(
  ports: AdmitPorts,
  run: SweepRun,
  waiting: readonly WaitingHint[],
  now: number,
): Promise<void> {
  for (const { batchId, deadlineAt } of waiting) {
    if (now < deadlineAt) continue;
    if (run.isOver()) return;
    await run.safely({ batchId }, async () => {
      await transition(ports, batchId, { type: 'due' });
    });
  }
}
