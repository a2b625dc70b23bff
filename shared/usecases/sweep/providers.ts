import type { SweepCursors, WaitingHint } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import { noteAccepted } from '../providerState.ts';
import { transition } from '../transition.ts';
import { admitElsewhere, admitTo, providerNames } from './admit.ts';
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

/**
 * Sweeps each provider, all of them at the same time and each within its own share: a provider that
 * hangs or is slow holds up nobody else. Batches that are left are then offered to the other
 * providers that they may go to.
 *
 * @param cursors where the last sweep ran out of time
 */
export async function sweepProviders(
  ports: ProviderPorts,
  run: SweepRun,
  cursors: SweepCursors,
): Promise<void> {
  const names = await namesOf(ports, run);
  const running = await Promise.all(names.map((name) => runningAt(ports, run, name)));
  const lanes = fairLanes(
    running.map((jobs) => jobs.length),
    CHECK_LANES,
  );
  const capacities = new ProviderCapacity(ports);
  const unplaced: WaitingHint[] = [];
  try {
    // No step rejects, so this ends when everything that was begun is over.
    const sweeps = names.map(async (provider, index) => {
      const jobs = { running: running[index] ?? [], lanes: lanes[index] ?? 0 };
      await callProvider(ports, run, provider, { cursors, jobs });
      await run.safely({ provider }, async () => {
        if (await run.isRefusing(provider)) run.gauges.noteBlocked(provider);
        const left = await admitTo(ports, run, capacities, provider);
        unplaced.push(...left);
      });
    });
    await Promise.all(sweeps);
    await admitElsewhere(ports, run, capacities, unplaced);
  } finally {
    capacities.reportWaits();
    await capacities.recordStarts();
  }
}

/** All entries that were ever used, and those that the due batches name. */
async function namesOf(ports: ProviderPorts, run: SweepRun): Promise<readonly string[]> {
  const named = [...run.unresolved, ...run.ended].map(({ provider }) => provider);
  return [...new Set([...(await providerNames(ports)), ...named])];
}

async function runningAt(
  ports: ProviderPorts,
  run: SweepRun,
  provider: string,
): Promise<readonly RunningHint[]> {
  let running: readonly RunningHint[] = [];
  // A quiet sweep reads no index for nothing.
  if (!run.mayHaveRunning) return running;
  await run.safely({ provider }, async () => {
    running = await listRunning(ports, provider);
    run.gauges.noteRunning(provider, running.length);
  });
  return running;
}

/** Does everything that needs answers of the provider. */
async function callProvider(
  ports: ProviderPorts,
  run: SweepRun,
  provider: string,
  {
    cursors,
    jobs,
  }: {
    readonly cursors: SweepCursors;
    readonly jobs: Pick<Parameters<typeof checkRunning>[3], 'running' | 'lanes'>;
  },
): Promise<void> {
  const cursor = resumeAt(cursors, provider);
  await Promise.all([
    run.safely({ provider }, () => checkRunning(ports, run, provider, { ...jobs, cursor })),
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
