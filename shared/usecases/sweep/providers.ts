import type { SweepCursors } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import { noteAccepted } from '../providerState.ts';
import { transition } from '../transition.ts';
import { admitElsewhere, admitTo, providerNames, type Unplaced } from './admit.ts';
import { ProviderCapacity } from './capacity.ts';
import { each, fairLanes, inLanes } from './lanes.ts';
import { reconcile } from './reconcile.ts';
import type { SweepRun } from './run.ts';
import { checkRunning, listRunning, type RunningHint, resumeAt } from './running.ts';

type ProviderPorts = Parameters<typeof checkRunning>[0] &
  Parameters<typeof reconcile>[0] &
  Parameters<typeof admitTo>[0] &
  Pick<Dependencies, 'batches'>;

/** Jobs checked at the same time, of all providers together. */
const CHECK_LANES = 100;
/** Ended batches of one provider whose files are deleted at the same time. */
const DELETION_LANES = 10;

/** The checks of each provider's running jobs, which are under way. None of them rejects. */
type Checks = Map<string, Promise<void>>;

/**
 * Sweeps each provider, all of them at the same time and each within its own share: a provider that
 * hangs or is slow holds up nobody else. Running jobs are checked while the due batches are processed;
 * what those need of their providers, and admission, comes after them. Batches that are left are then
 * offered to the other providers that they may go to. The sweep of a shard starts none.
 *
 * @param cursors where the last sweep ran out of time
 * @param due the processing of the due batches, which is under way
 */
export async function sweepProviders(
  ports: ProviderPorts,
  run: SweepRun,
  cursors: SweepCursors,
  due: Promise<void>,
): Promise<void> {
  const checks: Checks = new Map();
  const capacities = new ProviderCapacity(ports, run.scope.active);
  const unplaced: Unplaced[] = [];
  try {
    for (const begun of await Promise.allSettled([due, startChecks(ports, run, cursors, checks)]))
      if (begun.status === 'rejected') throw begun.reason;
    const named = [...run.unresolved, ...run.ended].map(({ provider }) => provider);
    const names = [...new Set([...checks.keys(), ...named])];
    // No step rejects, so this ends when everything that was begun is over.
    const sweeps = names.map(async (provider) => {
      await callProvider(ports, run, provider, { cursors, check: checks.get(provider) });
      if (!run.scope.coordinates) return;
      await run.safely({ provider }, async () => {
        if (await run.isRefusing(provider)) run.gauges.noteBlocked(provider);
        const left = await admitTo(ports, run, capacities, provider);
        unplaced.push(...left);
      });
    });
    await Promise.all(sweeps);
    await admitElsewhere(ports, run, capacities, unplaced);
  } finally {
    await Promise.all(checks.values());
    capacities.reportWaits();
    await capacities.recordStarts();
  }
}

/** Begins to check the jobs of all entries that were ever used. */
async function startChecks(
  ports: ProviderPorts,
  run: SweepRun,
  cursors: SweepCursors,
  checks: Checks,
): Promise<void> {
  const names = await providerNames(ports);
  const running = await Promise.all(names.map((name) => runningAt(ports, run, name)));
  const lanes = fairLanes(
    running.map((jobs) => jobs.length),
    CHECK_LANES,
  );
  for (const [index, provider] of names.entries()) {
    const jobs = { running: running[index] ?? [], lanes: lanes[index] ?? 0 };
    const cursor = resumeAt(cursors, provider);
    const check = () => checkRunning(ports, run, provider, { ...jobs, cursor });
    checks.set(provider, run.safely({ provider }, check));
  }
}

async function runningAt(
  ports: ProviderPorts,
  run: SweepRun,
  provider: string,
): Promise<readonly RunningHint[]> {
  let running: readonly RunningHint[] | undefined;
  await run.safely({ provider }, async () => {
    running = await listRunning(ports, run, provider);
    run.gauges.noteRunning(provider, running.length);
  });
  if (!running) run.mayHaveStrays = true;
  return running ?? [];
}

/** Does everything that needs answers of the provider. */
async function callProvider(
  ports: ProviderPorts,
  run: SweepRun,
  provider: string,
  {
    cursors,
    check,
  }: {
    readonly cursors: SweepCursors;
    /** The checks of its running jobs. */
    readonly check: Promise<void> | undefined;
  },
): Promise<void> {
  await Promise.all([
    check,
    run.scope.coordinates &&
      run.safely({ provider }, () => reconcile(ports, run, provider, cursors)),
    run.safely({ provider }, () => sweepEnded(ports, run, provider)),
  ]);
  const accepted = run.accepted.filter((batch) => batch.provider === provider);
  // Written once, however many jobs it has accepted.
  if (accepted.length > 0)
    await run.safely({ provider }, () => noteAccepted(ports, provider, accepted));
}

/** Publishes ends and deletes files at the provider, where that is pending. */
async function sweepEnded(ports: ProviderPorts, run: SweepRun, provider: string): Promise<void> {
  const ended = run.ended.filter((batch) => batch.provider === provider);
  await inLanes(each(ended), DELETION_LANES, async ({ batchId }) => {
    if (run.isOver()) return;
    await run.safely({ batchId }, async () => {
      await transition(ports, batchId, { type: 'due' });
    });
  });
}
