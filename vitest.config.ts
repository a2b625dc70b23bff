import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/testRun.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      enabled: true,
      include: ['shared/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { 'shared/batch/**': { branches: 100 } },
    },
  },
});
