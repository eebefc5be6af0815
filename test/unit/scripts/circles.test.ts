import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..', '..', '..');

/** Files of a folder that a file's import of another names; imports of types alone are gone once the code runs. */
function readImports(folder: string): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(root, folder, name));
  return new Map(files.map((file) => [file, importsOf(file)]));
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/^(?:import|export) (?!type )(?:([^;']*?) from )?'(\.[^']+)';/gm);
  return [...found]
    .filter(([, names = '']) => !/^\{(\s*type [^,}]+,?)*\s*\}$/.test(names))
    .map(([, , target = '']) => path.resolve(path.dirname(file), target));
}

/** The first way that leads from a file back to itself. */
function findCircle(imports: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): readonly string[] | undefined => {
    const start = trail.indexOf(file);
    if (start >= 0) return [...trail.slice(start), file];
    if (done.has(file)) return undefined;
    for (const target of imports.get(file) ?? []) {
      const circle = visit(target, [...trail, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

it.each(['src', 'webview'])('no file of %s needs itself to be loaded', (folder) => {
  const imports = readImports(folder);
  expect(imports.size).toBeGreaterThan(20);
  expect(findCircle(imports)?.map((file) => path.relative(root, file))).toBeUndefined();
});

it('finds a circle', () => {
  const imports = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', []],
    ['d', ['b']],
  ]);
  expect(findCircle(imports)).toEqual(['b', 'd', 'b']);
});
