import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Edit } from './mutation.ts';
import type { Guards } from './schedule.ts';

/** The schedules that one worker runs. */
export interface Share {
  readonly firstSeed: number;
  readonly count: number;
  readonly guards?: Guards;
  /** Changes to the code under test, applied as it is loaded. */
  readonly edits?: readonly Edit[];
}

// Thousands of faults are thrown, and nobody reads their stacks.
Error.stackTraceLimit = 0;
const { firstSeed, count, guards, edits = [] } = workerData as Share;
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
if (left.size > 0) throw new Error(`never loaded: ${[...left].map(({ file }) => file)}`);
parentPort?.postMessage(await runSchedules(firstSeed, count, guards));
