import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { ExhaustiveShare } from './exhaustive.ts';
import type { Edit } from './mutation.ts';
import type { Guards } from './schedule.ts';

/** What one worker runs: schedules of chance, or a part of the exhaustive runs. */
export interface Share {
  readonly schedules?: { readonly firstSeed: number; readonly count: number };
  readonly exhaustive?: ExhaustiveShare;
  readonly guards?: Guards;
  /** Changes to the code under test, applied as it is loaded. */
  readonly edits?: readonly Edit[];
}

// Thousands of faults are thrown, and nobody reads their stacks.
Error.stackTraceLimit = 0;
const { schedules, exhaustive, guards, edits = [] } = workerData as Share;
const left = new Set(edits);
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const mine = edits.filter(({ file }) => url.endsWith(`/${file}`));
    if (mine.length === 0) return loaded;
    let source = String(loaded.source);
    for (const edit of mine) {
      if (!source.includes(edit.find)) throw new Error(`${edit.file} has no ${edit.find}`);
      source = source.replace(edit.find, edit.replace);
      left.delete(edit);
    }
    return { ...loaded, source };
  },
});
const { runSchedules } = await import('./runSchedules.ts');
const { exhaust } = await import('./exhaustive.ts');
if (left.size > 0) throw new Error(`never loaded: ${[...left].map(({ file }) => file)}`);
if (schedules)
  parentPort?.postMessage(await runSchedules(schedules.firstSeed, schedules.count, guards));
if (exhaustive) parentPort?.postMessage(await exhaust(exhaustive));
