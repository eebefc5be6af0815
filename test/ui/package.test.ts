import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePackage, makeTarball } from '../../scripts/packaging/packaging.ts';
import { root } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { ensureCodeServer } from '../../scripts/vscode-host/install.ts';
import { installExtensions } from '../../scripts/vscode-host/server.ts';
import { listFiles } from '../../src/node/files/files.ts';

// What is shipped: the same contents as an extension (.vsix) and as an npm package, and nothing else.
const MAX_MEGABYTES = 6;
const allowed = [
  /^dist\/(extension|engine|cli|commandline|preparer|stepper|worker|hasher|compiled)\.js$/,
  /^dist\/compiled\.d\.ts$/,
  /^dist\/[\w.-]+\.LEGAL\.txt$/,
  /^dist\/bin\/mlops(\.cmd)?$/,
  /^dist\/bin\/python-debug\/(python3?|(attach|launch)\.py)$/,
  /^dist\/wasm\/[\w-]+\.wasm$/,
  /^dist\/samples\/mnist\/[\w./-]+$/,
  /^dist\/webview\/(parts\/)?[\w.-]+\.(js|css|LEGAL\.txt)$/,
  /^templates\//,
  /^media\/[\w.-]+\.(svg|png)$/,
  /^l10n\/[\w.-]+\.json$/,
  /^package(\.nls[\w.-]*)?\.json$/,
  /^(README|readme|CHANGELOG|changelog)\.md$/,
  /^LICENSE(\.txt)?$/,
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mlops-package-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function checkContents(installed: string, ignored: readonly string[] = []): Promise<void> {
  const files = (await listFiles(installed)).filter((name) => !ignored.includes(name));
  expect(files.filter((name) => !allowed.some((pattern) => pattern.test(name)))).toEqual([]);
  const templates = await listFiles(path.join(root, 'templates'));
  expect(files).toEqual(expect.arrayContaining(templates.map((name) => `templates/${name}`)));
  expect(files).toEqual(
    expect.arrayContaining([
      'dist/extension.js',
      'dist/engine.js',
      'dist/hasher.js',
      'dist/worker.js',
      'dist/preparer.js',
      'dist/stepper.js',
      'dist/compiled.js',
      'dist/compiled.d.ts',
      'dist/hasher.js',
      'dist/samples/mnist/train_images.gz',
    ]),
  );
  expect((await stat(path.join(installed, 'dist/bin/mlops'))).mode & 0o111).not.toBe(0);
}

describe('the extension', () => {
  it('installs into VS Code with exactly what it needs', async () => {
    const { vsix, manifest } = await ensurePackage();
    expect((await stat(vsix)).size).toBeLessThan(MAX_MEGABYTES * 1_000_000);
    await installExtensions({ codeServer: await ensureCodeServer(), home: folder }, [vsix]);
    const extensions = path.join(folder, 'extensions');
    const name = `${manifest.publisher}.${manifest.name}-${manifest.version}`;
    const installed = (await readdir(extensions)).find((each) => each.startsWith(name));
    await checkContents(path.join(extensions, installed ?? name), ['.vsixmanifest']);
  });
});

describe('the npm package', () => {
  let installed: string;

  it('installs with exactly what it needs', async () => {
    const tarball = await makeTarball(folder);
    await readProgram('npm', ['install', '--global', '--prefix', folder, '--no-audit', '--no-fund', tarball]);
    installed = path.join(folder, 'lib/node_modules/mlops-workflow');
    await checkContents(installed);
  });

  it('gives compiled steps', async () => {
    const names = "Object.keys(require('mlops-workflow/compiled')).join()";
    const cwd = path.dirname(installed);
    expect(await readProgram(process.execPath, ['-p', names], { cwd })).toBe('NotCompiledError,compileStep\n');
  });

  it('gives a working "mlops"', async () => {
    const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string };
    const mlops = path.join(folder, 'bin/mlops');
    expect(await readProgram(mlops, ['--version'])).toBe(`${version}\n`);
    await readProgram(mlops, ['new', path.join(folder, 'digits'), '--template', 'mnist', '--yes'], { cwd: folder });
    expect(await readProgram(mlops, ['status', '--project', path.join(folder, 'digits')])).toContain('ingest');
  });
});
