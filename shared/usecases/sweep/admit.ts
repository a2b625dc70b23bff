import type { SweepCursors, WaitingHint } from '../../batch/ports.ts';
import { admit, type Room } from '../../quota/admission.ts';
import type { Dependencies } from '../dependencies.ts';
import { updateProvider } from '../providerState.ts';
import { transition } from '../transition.ts';
import { type Capacity, ProviderCapacity } from './capacity.ts';
import type { SweepRun } from './run.ts';

/** Batches that found no room and may go elsewhere are remembered up to this number. */
const MAX_UNPLACED = 1_000;

/**
 * Starts, provider by provider and in order, what there is room for; then, at the others that it
 * may go to, what found none. Entries that have left the configuration start nothing, but their
 * batches still end when they are too old.
 *
 * @param first where the last sweep ran out of time: that provider comes first now
 * @returns where this one did; undefined if it came to the end
 */
export async function admitQueued(
  dependencies: Dependencies,
  run: SweepRun,
  first: string | undefined,
): Promise<string | undefined> {
  const { providers, providerStates } = dependencies;
  const known = await providerStates.list();
  const added = providers.names.filter((name) => !known.includes(name));
  // Remembered from its first sweep on, so that its queue is still found when the entry has gone.
  for (const name of added) await updateProvider(dependencies, name, (state) => ({ ...state }));
  const names = [...known, ...added];
  const firstIndex = Math.max(0, names.indexOf(first ?? ''));
  const openings = new ProviderCapacity(dependencies);
  const wanderers: WaitingHint[] = [];
  try {
    for (const name of [...names.slice(firstIndex), ...names.slice(0, firstIndex)]) {
      if (run.isOver()) return name;
      await run.safely({ provider: name }, async () => {
        if (await run.isAccountHeld(name)) run.gauges.noteBlocked(name);
        const left = await admitTo(dependencies, run, openings, name);
        wanderers.push(...left.slice(0, MAX_UNPLACED - wanderers.length));
      });
    }
    await admitElsewhere(dependencies, run, openings, wanderers);
    return undefined;
  } finally {
    openings.reportHeld();
    await openings.noteStarts();
  }
}

/** @returns those that found no room here and may go elsewhere */
async function admitTo(
  dependencies: Dependencies,
  run: SweepRun,
  openings: ProviderCapacity,
  name: string,
): Promise<readonly WaitingHint[]> {
  const { clock } = dependencies;
  const left: WaitingHint[] = [];
  for await (const waiting of queuePages(dependencies, run, name)) {
    if (waiting.length === 0 || run.isOver()) return left;
    const now = clock.now();
    await endPastDeadline(dependencies, run, waiting, now);
    const young = waiting.filter(({ deadlineAt }) => now < deadlineAt);
    const opening = await openings.at(name);
    openings.noteWaiting(name, young.length);
    const admitted = opening ? admit(young, opening.load, roomOf(dependencies, opening)) : [];
    for (const { batchId } of admitted) await startNext(dependencies, run, batchId, name);
    const rest = young.filter((hint) => !admitted.includes(hint));
    run.gauges.noteQueue(young.length, rest, now);
    const elsewhere = rest.filter((hint) => hint.providers);
    left.push(...elsewhere.slice(0, MAX_UNPLACED - left.length));
  }
  return left;
}

async function admitElsewhere(
  dependencies: Dependencies,
  run: SweepRun,
  openings: ProviderCapacity,
  wanderers: readonly WaitingHint[],
): Promise<void> {
  for (const hint of wanderers) {
    for (const name of hint.providers ?? []) {
      if (run.isOver()) return;
      const opening = await openings.at(name);
      if (!opening) continue;
      const [admitted] = admit([hint], opening.load, roomOf(dependencies, opening));
      if (!admitted) continue;
      await startNext(dependencies, run, hint.batchId, name);
      break;
    }
  }
}

async function startNext(
  dependencies: Dependencies,
  run: SweepRun,
  batchId: string,
  provider: string,
): Promise<void> {
  if (run.isOver()) return;
  await run.safely({ batchId }, async () => {
    const result = await transition(dependencies, batchId, { type: 'admitted', provider });
    if (result.type === 'changed') run.admitted += 1;
  });
}

function roomOf({ clock, policy }: Dependencies, { limits, state, budget }: Capacity): Room {
  const { reserveAfterSeconds } = policy;
  return { limits, state, now: clock.now(), reserveAfterSeconds, budget };
}

async function endPastDeadline(
  dependencies: Dependencies,
  run: SweepRun,
  waiting: readonly WaitingHint[],
  now: number,
): Promise<void> {
  for (const { batchId, deadlineAt } of waiting) {
    if (now < deadlineAt) continue;
    if (run.isOver()) return;
    await run.safely({ batchId }, async () => {
      await transition(dependencies, batchId, { type: 'due' });
    });
  }
}

/** Pages in a row that start nothing, after which a sweep leaves the front of a queue. */
const FRONT_PAGES = 5;
/** As many further back, where the last sweep stopped. */
const BACK_PAGES = 10;

const PREFIX = 'waiting#';

/**
 * A provider's waiting batches, page by page and in order, for as long as some of them start: a
 * queue of 100,000 that finds no room must not be read as a whole every minute. What lies further
 * back is come to in turns, a part in each sweep: batches that are too old, of another model, or
 * small enough for what room there is.
 */
export async function* queuePages(
  { batches }: Pick<Dependencies, 'batches'>,
  run: Pick<SweepRun, 'places' | 'admitted'>,
  provider: string,
): AsyncGenerator<readonly WaitingHint[]> {
  const queue = PREFIX + provider;
  const remembered = run.places.get(queue);
  let cursor: string | undefined;
  for (let barren = 0; barren < FRONT_PAGES + BACK_PAGES; ) {
    const isFront = barren < FRONT_PAGES;
    if (barren === FRONT_PAGES && remembered !== undefined) cursor = remembered;
    const page = await batches.listWaiting(provider, cursor);
    const before = run.admitted;
    yield page.items;
    cursor = page.cursor;
    if (cursor === undefined) {
      run.places.delete(queue);
      return;
    }
    if (!isFront) run.places.set(queue, cursor);
    barren = isFront && run.admitted > before ? 0 : barren + 1;
  }
}

/** Where the last sweep stopped in each long queue. */
export function queueCursors(cursors: SweepCursors): readonly (readonly [string, string])[] {
  return Object.entries(cursors).filter(([name]) => isQueueCursor(name));
}

/** Whether a cursor is a place in a queue, and no sign of a sweep that ran out of time. */
export function isQueueCursor(name: string): boolean {
  return name.startsWith(PREFIX);
}
