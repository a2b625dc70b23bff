import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Far above what any test takes on an idle machine: a busy one may take its time. */
const PATIENCE_MS = 300_000;

/** Tests that run whole stacks, the longest first. */
const LONGEST = [
  'docs/commands',
  'clients',
  'reliability',
  'package',
  'local',
  'cli',
  'shared/client',
  'bench',
];

/** Begins with the files that take longest, so that none of them is left alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((part) => moduleId.includes(`/test/${part}`));
  return place < 0 ? LONGEST.length : place;
}

export default defineConfig({
  resolve: {
    // The examples import the package as a user's code does, and are tested before it is built.
    alias: {
      'batch-handler/processor': join(import.meta.dirname, 'shared', 'processor', 'index.ts'),
      'batch-handler/runtime': join(import.meta.dirname, 'functions', 'runtime.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/testRun.ts'],
    // No file changes what another one sees, and most of the time of a small file is its imports.
    isolate: false,
    // Many wait for processes and for SDKs between their tries: others run meanwhile.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    coverage: {
      // `npm run coverage` counts, in a run of its own: it would slow every test down by a third.
      provider: 'v8',
      include: ['shared/batch/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { 'shared/batch/**': { branches: 100 } },
    },
  },
});
