import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineThread } from '../../../src/vscode/engine/client.ts';

/** Speaks the protocol without the engine: answers with what it was asked, dies when asked to list models. */
const engine = `
const { parentPort, threadId } = require('node:worker_threads');
parentPort.postMessage({ type: 'hello', protocol: 1 });
parentPort.on('message', ({ type, id, name, payload }) => {
  if (type !== 'request') return;
  if (name === 'listModels') throw new Error('out of luck');
  if (name === 'listConfigs') return;
  parentPort.postMessage({ type: 'event', name: 'log', event: { level: 'info', text: name } });
  parentPort.postMessage({ type: 'reply', id, reply: { threadId, payload } });
});`;

let folder = '';
let thread: EngineThread;
const reported: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-client-'));
  await writeFile(path.join(folder, 'engine.cjs'), engine);
  reported.length = 0;
  thread = new EngineThread(path.join(folder, 'engine.cjs'), (error) => reported.push(error));
});
afterEach(async () => {
  thread.dispose();
  await rm(folder, { recursive: true });
});

it('asks the thread and hears its events', async () => {
  const heard: string[] = [];
  thread.onEvent('log', ({ text }) => heard.push(text));
  expect(await thread.request('listRuns', { project: '/p' })).toMatchObject({ payload: { project: '/p' } });
  expect(heard).toEqual(['listRuns']);
});

it('fails what is pending with the reason when the thread dies, starts it again and goes on', async () => {
  const heard: string[] = [];
  thread.onEvent('log', ({ text }) => heard.push(text));
  const first = (await thread.request('listRuns', { project: '/p' })) as unknown as { threadId: number };
  const restarted = new Promise<void>((resolve) => thread.onRestart(resolve));
  const outcomes = await Promise.allSettled([
    thread.request('listConfigs', { project: '/p' }),
    thread.request('listModels', { project: '/p' }),
  ]);
  expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : ''))).toEqual([
    'Error: The engine thread ended (out of luck).',
    'Error: The engine thread ended (out of luck).',
  ]);
  // Asked while there is no thread: waits for the next one.
  const second = (await thread.request('listRuns', { project: '/p' })) as unknown as { threadId: number };
  await restarted;
  expect(second.threadId).not.toBe(first.threadId);
  expect(heard).toEqual(['listRuns', 'listRuns']);
  expect(String(reported[0])).toContain('out of luck');
});

it('stays ended when it is disposed', async () => {
  await thread.request('listRuns', { project: '/p' });
  let restarts = 0;
  thread.onRestart(() => (restarts += 1));
  const pending = thread.request('listConfigs', { project: '/p' });
  thread.dispose();
  await expect(pending).rejects.toThrow('The engine thread ended');
  expect(restarts).toBe(0);
  expect(reported).toEqual([]);
});
