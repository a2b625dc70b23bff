import { admit, type Load, loadOf } from '../../batch/admission.ts';
import { isHeld } from '../../batch/holds.ts';
import type { ActiveHint, Page, WaitingHint } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import { transition } from '../transition.ts';
import type { SweepRun } from './run.ts';

/**
 * Starts, provider by provider and in order, what there is room for. Entries that have left the
 * configuration start nothing, but their batches still end when they are too old.
 */
export async function admitQueued(dependencies: Dependencies, run: SweepRun): Promise<void> {
  const { providers, providerStates } = dependencies;
  const known = await providerStates.list();
  const added = providers.names.filter((name) => !known.includes(name));
  // Remembered from its first sweep on, so that its queue is still found when the entry has gone.
  for (const name of added) await providerStates.put(await providerStates.get(name));
  for (const name of [...known, ...added]) {
    await run.safely(`queue of ${name}`, () => admitTo(dependencies, run, name));
  }
}

async function admitTo(dependencies: Dependencies, run: SweepRun, name: string): Promise<void> {
  const { batches, clock } = dependencies;
  const isOpen = await takesBatches(dependencies, name);
  const full = new Set<string>();
  let load: Load | undefined;
  for await (const waiting of pages((cursor) => batches.listWaiting(name, cursor))) {
    if (run.isOver()) return;
    const now = clock.now();
    for (const { batchId, deadlineAt } of waiting) {
      if (now < deadlineAt) continue;
      await run.safely(batchId, async () => {
        await transition(dependencies, batchId, { type: 'due' });
      });
    }
    if (!isOpen) continue;
    const { limits } = await dependencies.providers.describe(name);
    load ??= loadOf(await activeOf(dependencies, name));
    const young = waiting.filter(({ deadlineAt }) => now < deadlineAt);
    for (const { batchId } of admit(young, load, limits, full)) {
      if (run.isOver()) return;
      await run.safely(batchId, async () => {
        const result = await transition(dependencies, batchId, { type: 'admitted' });
        if (result.type === 'changed') run.admitted += 1;
      });
    }
  }
}

/** Read anew: this very sweep may have seen a refusal, and set a hold. */
async function takesBatches(
  { providers, providerStates, clock }: Dependencies,
  name: string,
): Promise<boolean> {
  if (!providers.names.includes(name)) return false;
  return !isHeld(await providerStates.get(name), clock.now());
}

async function activeOf({ batches }: Dependencies, name: string): Promise<ActiveHint[]> {
  const active: ActiveHint[] = [];
  for await (const page of pages((cursor) => batches.listActive(name, cursor)))
    active.push(...page);
  return active;
}

async function* pages<T extends ActiveHint | WaitingHint>(
  list: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncIterable<readonly T[]> {
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    yield page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
