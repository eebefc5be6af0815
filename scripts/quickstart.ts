import { createRequire } from 'node:module';
import path from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { root } from './places.ts';

// A command that finds nothing to do takes some seventy milliseconds, of which Node's own modules would be a quarter, used or not.

/** Those that take long to load and that many commands do without. */
const SLOW = ['child_process', 'crypto', 'readline', 'worker_threads', 'zlib'];
const NAMESPACE = 'lazy';

/** Loads slow modules of Node when something of them is first used. What a file imports are getters then, as esbuild makes them anyway. */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    const require = createRequire(import.meta.url);
    build.onResolve({ filter: new RegExp(`^node:(?:${SLOW.join('|')})$`) }, ({ path: name }) => ({
      path: name,
      namespace: NAMESPACE,
    }));
    build.onLoad({ filter: /^/, namespace: NAMESPACE }, ({ path: name }) => {
      const keys = Object.keys(require(name) as object).filter((key) => /^[A-Za-z]\w*$/.test(key));
      const getters = keys.map(
        (key) => `  get ${key}() { return process.getBuiltinModule(${JSON.stringify(name)}).${key}; },`,
      );
      return { contents: ['module.exports = {', ...getters, '};'].join('\n'), loader: 'js' };
    });
  },
};

/** For bundles that are started often. `performance` too is loaded on first use, and takes as long as a small command computes. */
export const quickStart = {
  plugins: [lazyBuiltins],
  define: { 'performance.now': 'monotonicNow' },
  inject: [path.join(root, 'scripts/monotonic.mjs')],
} as const satisfies BuildOptions;
