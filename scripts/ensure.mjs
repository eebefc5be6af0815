// What every command of this repository starts with, on any Node ≥ 20: the packages of package-lock.json stand in node_modules/,
// and the work is done by the Node that the project pins (devDependency "node"), its tools first in PATH.
// Plain JavaScript and Node's own modules only: nothing else is there yet.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const tools = path.join(modules, '.bin');
const onWindows = process.platform === 'win32';

/** The Node that everything is tested with, and the oldest one that runs TypeScript by itself, as the scripts need. */
const PINNED_MAJOR = 24;
const OLDEST = [22, 18];

/** package.json names no module system, because the bundles are CommonJS; Node would remark on it for every TypeScript file. */
const FLAGS = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];

/** Runs a script of this repository in the project's own Node, installing what package-lock.json names first. */
export async function runScript(file, args) {
  await ensurePackages();
  const env = { ...process.env, PATH: [tools, pathWithoutTools()].join(path.delimiter) };
  process.exitCode = await follow(spawn(chooseNode(), [...FLAGS, file, ...args], { stdio: 'inherit', env }));
}

function chooseNode() {
  if (Number.parseInt(process.versions.node, 10) === PINNED_MAJOR) return process.execPath;
  const own = findOwnNode();
  if (own !== undefined) return own;
  if (isNewEnough(process.versions.node)) return process.execPath;
  return fail(
    `This needs Node ${OLDEST.join('.')} or newer, and the one that npm installs with the project does not run here. ` +
      'Run "npm rebuild node", or use a newer Node.',
  );
}

/** The pinned Node in node_modules/, when it is there and runs on this machine. */
function findOwnNode() {
  const file = path.join(modules, 'node', 'bin', onWindows ? 'node.exe' : 'node');
  return spawnSync(file, ['--version']).status === 0 ? file : undefined;
}

async function ensurePackages() {
  const missing = findMissing();
  if (missing === undefined) return;
  console.error(`Installing packages (${missing}).`);
  const options = { cwd: root, stdio: 'inherit', shell: onWindows, env: { ...process.env, PATH: pathWithoutTools() } };
  const code = await follow(spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], options));
  if (code !== 0) fail(`"npm ci" failed with exit code ${code}; its own message stands above.`);
}

/** Why `npm ci` is needed, or nothing: npm's own record of what it installed is held against package-lock.json. */
function findMissing() {
  const wanted = readPackages(path.join(root, 'package-lock.json'));
  const record = path.join(modules, '.package-lock.json');
  if (!existsSync(record)) return 'node_modules/ is not there yet';
  const installed = readPackages(record);
  for (const [place, { version, optional }] of Object.entries(wanted)) {
    if (place === '' || (optional === true && installed[place] === undefined)) continue;
    if (installed[place]?.version !== version) return `${place} is not at version ${version}`;
  }
  return undefined;
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** npm must not run on the very Node that it is about to replace. */
function pathWithoutTools() {
  const parts = (process.env.PATH ?? '').split(path.delimiter);
  return parts.filter((part) => path.resolve(part) !== tools).join(path.delimiter);
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Waits for a child and gives its exit code; passes on the signals that ask this process to end. */
function follow(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const pass = (signal) => {
    // A terminal sends Ctrl+C to the child as well: waiting for it is enough.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
