import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const RUN = join(import.meta.dirname, 'hostileRun.ts');

/** What is deployed: the memory of each function in MiB, of which Node gives nine tenths to the heap. */
const MEMORY = { collector: 1024, intake: 512, worker: 1769, outcome: 256, sweeper: 512 };

interface Result {
  readonly sent: number;
  readonly back: number;
  readonly taken: number;
  readonly reasons: readonly string[];
  /** By how much the memory grew while the bodies were handled. */
  readonly grownMiB: number;
}

async function run(name: keyof typeof MEMORY): Promise<Result> {
  const heap = `--max-old-space-size=${Math.floor(0.9 * MEMORY[name])}`;
  const args = [heap, '--max-semi-space-size=4', RUN, name];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

it.each([
  ['collector', 301],
  ['intake', 1],
  ['worker', 0],
  ['outcome', 0],
  ['sweeper', 0],
] as const)(
  'the %s ends each hostile body with a reason, within its memory, and takes the others',
  async (name, taken) => {
    const result = await run(name);
    expect(result).toMatchObject({ back: 0, taken });
    expect(result.reasons).toHaveLength(result.sent - taken);
    for (const reason of result.reasons) expect(reason).toMatch(/\w+/);
    // How much of it is garbage depends on how busy the machine is. The bundle takes the rest.
    expect(result.grownMiB).toBeLessThan(MEMORY[name] - 100);
  },
);
