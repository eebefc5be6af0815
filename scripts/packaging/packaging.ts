import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ensureBuilt, newestOf } from '../building.ts';
import { root } from '../places.ts';
import { readProgram, runProgram } from '../programs.ts';

interface Manifest {
  readonly name: string;
  readonly publisher: string;
  readonly version: string;
  readonly files: readonly string[];
}

export interface Package {
  readonly vsix: string;
  readonly manifest: Manifest;
}

/** The extension as one universal .vsix in the repository's root; made anew when what goes into it is newer. */
export async function ensurePackage(): Promise<Package> {
  await ensureBuilt();
  const manifest = await readManifest();
  const vsix = path.join(root, `${manifest.name}-${manifest.version}.vsix`);
  const made = await stat(vsix).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const contents = [
    'dist',
    'templates',
    'media',
    'l10n',
    'package.json',
    'package.nls.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
  ];
  if ((await newestOf(contents)) > made) await makeVsix(vsix);
  return { vsix, manifest };
}

/** The same contents as an npm package, for CI and for teammates without VS Code. */
export async function makeTarball(folder: string): Promise<string> {
  await ensureBuilt();
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [made] = JSON.parse(await readProgram('npm', pack, { cwd: root })) as [{ filename: string }];
  return path.join(folder, made.filename);
}

async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Manifest;
}

/** `files` in package.json is the list of what is let in, for vsce as for npm; everything else stays out. */
async function makeVsix(vsix: string): Promise<void> {
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  // A pattern of `files` may still be without a file, as l10n/ before the first translation: a test says what must be there.
  const flags = ['--no-dependencies', '--allow-unused-files-pattern', '--out', vsix];
  const code = await runProgram(process.execPath, [vsce, 'package', ...flags], { cwd: root });
  if (code === 0) return;
  await rm(vsix, { force: true });
  throw new Error(`vsce could not make the package (exit code ${code}); its own message stands above.`);
}
