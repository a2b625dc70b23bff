import { defineConfig } from 'vitest/config';

/** Far above what any test takes on an idle machine: a busy one may take its time. */
const PATIENCE_MS = 300_000;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/testRun.ts'],
    // No file changes what another one sees, and most of the time of a small file is its imports.
    isolate: false,
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    coverage: {
      provider: 'v8',
      enabled: true,
      // It slows every test down by what it counts: so it counts what has a threshold.
      include: ['shared/batch/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { 'shared/batch/**': { branches: 100 } },
    },
  },
});
