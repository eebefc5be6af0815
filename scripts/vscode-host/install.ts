import { readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../../src/node/files/files.ts';
import { ensureInCache } from '../cache.ts';
import { root } from '../places.ts';
import { findProgram, readProgram } from '../programs.ts';

/** code-server 4.139.1 holds VS Code 1.139.1: the real web workbench and the real Node extension host. It needs Node 24. */
const VERSION = '4.139.1';

/** The Node that npm installs with this repository; its folder has the C++ headers for building the native modules. */
const nodeFolder = path.join(
  root,
  'node_modules/node/node_modules',
  `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
);

/** Folder of the installed code-server package, installed into the shared cache on first use (about a minute, 500 MB). */
export async function ensureCodeServer(): Promise<string> {
  const folder = await ensureInCache(`code-server-${VERSION}-${process.platform}-${process.arch}`, install);
  return path.join(folder, 'node_modules/code-server');
}

async function install(folder: string): Promise<void> {
  await writeFile(path.join(folder, 'package.json'), '{"private":true}\n');
  const env = { ...process.env, npm_config_nodedir: nodeFolder, npm_config_audit: 'false', npm_config_fund: 'false' };
  const npm = (cwd: string, ...args: string[]): Promise<string> => readProgram('npm', args, { cwd, env });
  const server = path.join(folder, 'node_modules/code-server');
  const vscode = path.join(server, 'lib/vscode');

  // Its own install script builds modules that need system libraries. Without it, these are the steps of it that matter.
  await npm(folder, 'install', '--ignore-scripts', '--no-save', `code-server@${VERSION}`);
  await npm(vscode, 'install', '--ignore-scripts', '--omit=dev');
  await npm(path.join(vscode, 'extensions'), 'install', '--ignore-scripts', '--omit=dev');
  await link('code-linux.sh', path.join(vscode, 'bin/remote-cli/code-server'));
  await link('browser-linux.sh', path.join(vscode, 'bin/helpers/browser.sh'));
  if (findCompiler()) {
    await npm(vscode, 'rebuild', '@vscode/native-watchdog', '@vscode/spdlog').catch((error: unknown) => {
      console.log(`The two native modules could not be built; VS Code works without them. ${firstLine(error)}`);
    });
  } else {
    console.log('No C++ compiler here: VS Code goes without its log files, which nothing depends on.');
  }
  await prune(vscode);
  await readProgram(process.execPath, [
    path.join(server, 'out/node/entry.js'),
    '--version',
    '--config',
    path.join(folder, 'none.yaml'),
  ]);
}

function findCompiler(): boolean {
  return (
    ['make', 'python3'].every((name) => findProgram(name)) &&
    ['g++', 'clang++', 'c++'].some((name) => findProgram(name))
  );
}

/** Takes out what no test uses: half of the size is chat and other systems' binaries. */
async function prune(vscode: string): Promise<void> {
  const modules = path.join(vscode, 'node_modules');
  const github = await readdir(path.join(modules, '@github')).catch(() => []);
  const chat = github.filter((name) => name.startsWith('copilot-sdk')).map((name) => `@github/${name}`);
  const unused = [...chat, '@microsoft/mxc-sdk', '@devcontainers'].map((name) => path.join(modules, name));
  const prebuilds = path.join(modules, 'node-pty/prebuilds');
  const foreign = (await readdir(prebuilds).catch(() => [])).filter(
    (name) => name !== `${process.platform}-${process.arch}`,
  );
  const folders = [
    ...unused,
    path.join(vscode, 'extensions/copilot'),
    ...foreign.map((name) => path.join(prebuilds, name)),
  ];
  await Promise.all(folders.map((each) => rm(each, { recursive: true, force: true })));
}

async function link(target: string, file: string): Promise<void> {
  if (!(await exists(file))) await symlink(target, file);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
