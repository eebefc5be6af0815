// `node scripts/start.mjs NAME ARG…` runs scripts/NAME.ts or .mjs on a machine that may have nothing but Node ≥ 20 and git.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScript } from './ensure.mjs';

const [name = '', ...args] = process.argv.slice(2);
const folder = path.dirname(fileURLToPath(import.meta.url));
const file = ['.ts', '.mjs'].map((extension) => path.join(folder, name + extension)).find((each) => existsSync(each));
if (file === undefined) {
  console.error(`There is no script "${name}".`);
  process.exit(2);
}
await runScript(file, args);
