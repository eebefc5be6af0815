import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { ensureInCache } from '../../scripts/cache.ts';
import { readProgram } from '../../scripts/programs.ts';
import { ensurePython, pythonMissing } from '../../scripts/testing/python.ts';
import { chromiumMissing, ensureChromium, openBrowser } from '../../scripts/vscode-host/browser.ts';
import { simple, toEventFile } from '../unit/node/tensorboard/eventwriter.ts';
import type { Figure } from './measuring.ts';

// The yardsticks of the page of runs: the same data in Plotly, and TensorBoard's own loading. Both are installed into the shared cache.

const PLOTLY = 'plotly.js-dist-min@4.1.2';
const TENSORBOARD = 'tensorboard==2.20.0';
const PATIENCE_MS = 120_000;
/** Longer than this nobody waits for a chart, and the bench has other rows. */
const PLOTLY_MS = 45_000;

async function plotlySource(): Promise<string> {
  const folder = await ensureInCache(PLOTLY.replace('@', '-'), async (target) => {
    await writeFile(path.join(target, 'package.json'), '{"private": true}');
    await readProgram('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', PLOTLY], { cwd: target });
  });
  return readFile(path.join(folder, 'node_modules/plotly.js-dist-min/plotly.min.js'), 'utf8');
}

/** Lines by WebGL, which is Plotly's way with many points; a software renderer stands in for the GPU. */
export async function plotlyTimes(runs: number, points: number): Promise<Figure> {
  if ((await ensureChromium()) === undefined) return { missing: chromiumMissing };
  const source = await plotlySource();
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><meta charset="utf-8"><div id="plot" style="width: 1200px; height: 400px"></div>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await openBrowser({ width: 1280, height: 800 });
  try {
    const { page } = browser;
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: source });
    const first = await within(page, `(${draw})(${runs}, ${points})`);
    const zoom = first === undefined ? undefined : await within(page, `(${relayout})(${points})`);
    return { value: first ?? PLOTLY_MS, text: `${tell(first)}, ${tell(zoom)}` };
  } finally {
    await browser.close();
    server.close();
  }
}

/** Undefined: it takes longer than anybody waits. */
async function within(page: Page, script: string): Promise<number | undefined> {
  return Promise.race([page.evaluate<number>(script), sleep(PLOTLY_MS, undefined, { ref: false })]);
}

function tell(time: number | undefined): string {
  return time === undefined ? `more than ${PLOTLY_MS / 1000} s` : `${time.toFixed(0)} ms`;
}

const afterFrame = /* js */ `(start) => new Promise((resolve) =>
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start))))`;
const draw = /* js */ `async (runs, points) => {
  const steps = Float64Array.from({ length: points }, (_, step) => step);
  const data = Array.from({ length: runs }, (_, run) => ({
    type: 'scattergl', mode: 'lines', name: 'run-' + run, x: steps,
    y: steps.map((step) => Math.sin(step / 700 + run) + ((step * 7919 + run * 31) % 101) / 101),
  }));
  const start = performance.now();
  await Plotly.newPlot('plot', data, {}, { responsive: false });
  return (${afterFrame})(start);
}`;
const relayout = /* js */ `async (points) => {
  const start = performance.now();
  await Plotly.relayout('plot', { 'xaxis.range': [points * 0.3, points * 0.6] });
  return (${afterFrame})(start);
}`;

const RUNS = 100;
const EVENTS = 10_000;

/** From the start of its server until it gives the last point of every run. */
export async function tensorboardLoading(): Promise<Figure> {
  const python = await ensurePython(`bench-${TENSORBOARD.replace('==', '-')}`, [TENSORBOARD, 'setuptools<81']);
  if (python === undefined) return { missing: pythonMissing };
  const folder = await mkdtemp(path.join(tmpdir(), 'mlops-tensorboard-'));
  try {
    for (let run = 0; run < RUNS; run += 1) await writeRun(path.join(folder, `run-${run}`), run);
    const port = await freePort();
    const start = performance.now();
    const args = ['-m', 'tensorboard.main', '--logdir', folder, '--port', String(port), '--host', '127.0.0.1'];
    const child = spawn(python, args, { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      await waitForAll(`http://127.0.0.1:${port}`, start);
      const value = (performance.now() - start) / 1000;
      return { value, text: `${value.toFixed(1)} s` };
    } finally {
      child.kill();
      await ended;
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function writeRun(folder: string, run: number): Promise<void> {
  await mkdir(folder);
  const events = Array.from({ length: EVENTS }, (_, step) => ({
    time: 1.7e9 + step,
    step,
    values: [simple('loss', Math.sin(step / 700 + run))],
  }));
  await writeFile(path.join(folder, 'events.out.tfevents.1700000000.host'), toEventFile(events));
}

async function waitForAll(base: string, start: number): Promise<void> {
  const read = async (run: number): Promise<boolean> => {
    const answer = await fetch(`${base}/data/plugin/scalars/scalars?tag=loss&run=run-${run}`).catch(() => undefined);
    if (answer?.ok !== true) return false;
    const points: unknown = await answer.json().catch(() => undefined);
    const last: unknown = Array.isArray(points) ? points.at(-1) : undefined;
    return Array.isArray(last) && last[1] === EVENTS - 1;
  };
  for (let run = 0; run < RUNS;) {
    if (performance.now() - start > PATIENCE_MS) throw new Error('TensorBoard has not loaded the runs in two minutes.');
    if (await read(run)) run += 1;
    else await sleep(100);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
