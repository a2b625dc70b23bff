import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/testRun.ts'],
    // No file changes what another one sees, and most of a small file's time is its imports.
    isolate: false,
    // Far above what any test needs on an idle machine: on a busy one it takes as long as it takes.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    coverage: {
      provider: 'v8',
      enabled: true,
      // What is measured slows all tests down, so that it is only what has a threshold.
      include: ['shared/batch/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { 'shared/batch/**': { branches: 100 } },
    },
  },
});
