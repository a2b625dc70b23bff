import { isPartId } from '../../batch/newRecord.ts';
import type { SweepCursors, WaitingHint } from '../../batch/ports.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { type AdmissionBounds, type Admitted, admit } from '../../quota/admission.ts';
import type { Dependencies } from '../dependencies.ts';
import { stopIfOrphan } from '../parts.ts';
import { updateProvider } from '../providerState.ts';
import { transition } from '../transition.ts';
import type { Capacity, CapacityPorts, ProviderCapacity } from './capacity.ts';
import type { SweepRun } from './run.ts';

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

/**
 * Starts waiting batches of one provider, in order, as far as there is capacity. An entry that was
 * removed from the configuration starts nothing, but its batches still end at their deadlines.
 *
 * @returns batches that found no capacity here and may go elsewhere
 */
export async function admitTo(
  ports: AdmitPorts,
  run: SweepRun,
  capacities: ProviderCapacity,
  provider: string,
): Promise<readonly WaitingHint[]> {
  const unplaced: WaitingHint[] = [];
  for await (const page of queuePages(ports, run, provider)) {
    if (page.length === 0 || run.isOver()) return unplaced;
    const now = ports.clock.now();
    await endPastDeadline(ports, run, page, now);
    const waiting = page.filter(({ deadlineAt }) => now < deadlineAt);
    const capacity = await capacities.of(provider);
    capacities.noteWaiting(provider, waiting.length);
    const admitted = capacity
      ? admit(waiting, capacity.usage, admissionBounds(ports, capacity))
      : [];
    for (const each of admitted) await startNext(ports, run, each, provider);
    const started = new Set(admitted.map(({ batch }) => batch));
    const rest = waiting.filter((hint) => !started.has(hint));
    run.gauges.noteQueue(waiting.length, rest, now);
    const movable = rest.filter((hint) => hint.providers);
    unplaced.push(...movable.slice(0, MAX_UNPLACED - unplaced.length));
  }
  return unplaced;
}

/** Offers batches that found no capacity to the other providers that they may go to. */
export async function admitElsewhere(
  ports: AdmitPorts,
  run: SweepRun,
  capacities: ProviderCapacity,
  unplaced: readonly WaitingHint[],
): Promise<void> {
  for (const hint of unplaced) {
    for (const provider of hint.providers ?? []) {
      if (run.isOver()) return;
      const capacity = await capacities.of(provider);
      if (!capacity) continue;
      const [admitted] = admit([hint], capacity.usage, admissionBounds(ports, capacity));
      if (!admitted) continue;
      await startNext(ports, run, admitted, provider);
      break;
    }
  }
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

/** Number of batches that this sweep has started at a provider. */
function admittedTo({ admitted }: Pick<SweepRun, 'admitted'>, provider: string): number {
  return admitted.get(provider) ?? 0;
}

function admissionBounds(
  { clock, policy }: Pick<Dependencies, 'clock' | 'policy'>,
  { limits, state, budget }: Capacity,
): AdmissionBounds {
  const { reserveAfterSeconds } = policy;
  return { limits, state, now: clock.now(), reserveAfterSeconds, budget };
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

/** A sweep stops reading the front of a queue after so many pages in a row that start no batch. */
const FRONT_PAGES = 5;
/** Then it reads so many pages further back, from where the last sweep stopped. */
const BACK_PAGES = 10;

const CURSOR_PREFIX = 'waiting#';

/**
 * Reads a provider's waiting batches page by page, in order, as long as some of them start. A queue
 * of 100,000 batches without capacity must not be read as a whole every minute. Each sweep also
 * reads a part further back, where batches may be past their deadline, of another model, or small
 * enough for the capacity that is left.
 */
export async function* queuePages(
  { batches }: Pick<Dependencies, 'batches'>,
  run: Pick<SweepRun, 'queueCursors' | 'admitted'>,
  provider: string,
): AsyncGenerator<readonly WaitingHint[]> {
  const queue = CURSOR_PREFIX + provider;
  const remembered = run.queueCursors.get(queue);
  let cursor: string | undefined;
  let pagesWithoutStart = 0;
  while (pagesWithoutStart < FRONT_PAGES + BACK_PAGES) {
    const isFront = pagesWithoutStart < FRONT_PAGES;
    if (pagesWithoutStart === FRONT_PAGES && remembered !== undefined) cursor = remembered;
    const page = await batches.listWaiting(provider, cursor);
    const admittedBefore = admittedTo(run, provider);
    yield page.items;
    cursor = page.cursor;
    if (cursor === undefined) {
      run.queueCursors.delete(queue);
      return;
    }
    if (!isFront) run.queueCursors.set(queue, cursor);
    const hasStarted = admittedTo(run, provider) > admittedBefore;
    pagesWithoutStart = isFront && hasStarted ? 0 : pagesWithoutStart + 1;
  }
}

/** The cursors at which the last sweep stopped in each long queue. */
export function queueCursors(cursors: SweepCursors): readonly (readonly [string, string])[] {
  return Object.entries(cursors).filter(([name]) => name.startsWith(CURSOR_PREFIX));
}
