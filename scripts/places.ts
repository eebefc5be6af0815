import path from 'node:path';

/** The repository's root. */
export const root = path.dirname(import.meta.dirname);

export const dist = path.join(root, 'dist');

/** Results of the layers, pictures, traces: ignored by git, kept by CI. */
export const results = path.join(root, 'test-results');

/** For Node on our own TypeScript: package.json names no module system (the bundles are CommonJS), and Node would remark on each file. */
export const nodeFlags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
