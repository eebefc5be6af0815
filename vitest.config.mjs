import { availableParallelism } from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** Git as on no machine in particular: a person's own settings (signing, hooks, no name at all) must not decide a test. */
const env = { GIT_CONFIG_GLOBAL: path.join(import.meta.dirname, 'test/gitconfig'), GIT_CONFIG_NOSYSTEM: '1' };

/** The layers but "host", whose suites run inside VS Code (.vscode-test.mjs). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          env,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          // Many of them wait for processes; Vitest itself would leave one core of two idle.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        test: {
          env,
          name: 'view',
          include: ['test/view/**/*.test.ts'],
          globalSetup: 'test/view/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Two files at a time: a browser beside each takes about a core, and no more of them are quicker on two.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          expect: { poll: { timeout: 10_000 } },
        },
      },
      {
        test: {
          env,
          name: 'ui',
          include: ['test/ui/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          env,
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Two files at a time: mostly they wait for Python to start. What they install is guarded by a lock.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          env,
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          testTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
