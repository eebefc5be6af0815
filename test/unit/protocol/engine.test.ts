import { describe, expect, it } from 'vitest';
import { ExpectedError } from '../../../src/protocol/errors.ts';
import {
  connectEngine,
  createListeners,
  serveEngine,
  type EngineHandlers,
  type Port,
} from '../../../src/protocol/engine.ts';

/** Two ends of one channel; messages arrive in later microtasks, cloned, as a thread's do. */
function createChannel(): readonly [Port, Port] {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const end = (own: number): Port => ({
    post: (message, handedOver = []) => {
      const transfer = handedOver.filter((one) => one instanceof ArrayBuffer);
      const copy: unknown = structuredClone(message, { transfer });
      queueMicrotask(() => listeners[1 - own]?.forEach((listener) => listener(copy)));
    },
    listen: (listener) => void listeners[own]?.push(listener),
  });
  return [end(0), end(1)];
}

/** Only what a test asks for; everything else must never be called. */
function handlersOf(some: Partial<EngineHandlers>): EngineHandlers {
  return some as EngineHandlers;
}

describe('the engine border', () => {
  it('answers a request by its handler and tells events', async () => {
    const [extension, engine] = createChannel();
    const heard: unknown[] = [];
    const { on, emit } = createListeners((error) => heard.push(error));
    on('changed', (event) => heard.push(event));
    const client = connectEngine(extension, emit);
    const tell = serveEngine(engine, handlersOf({ listProcesses: ({ project }) => [{ command: project }] as never }));
    tell('changed', { project: '/p', areas: ['runs'] });
    expect(await client.request('listProcesses', { project: '/p' })).toEqual([{ command: '/p' }]);
    expect(heard).toEqual([{ project: '/p', areas: ['runs'] }]);
  });

  it('hands points over instead of copying them', async () => {
    const [extension, engine] = createChannel();
    const client = connectEngine(extension, () => undefined);
    const [steps, values] = [Float64Array.of(1), Float64Array.of(2, 3)];
    const series = {
      runId: 'a',
      metric: 'loss',
      from: 0,
      steps,
      values: values.subarray(0, 1),
      times: values.subarray(1),
    };
    const run = { runId: 'a', mark: 'm', series: [series], events: [], problems: [] };
    const reading = { runs: [run], rest: [], isGrowing: false };
    serveEngine(engine, handlersOf({ readSeries: () => reading }));
    const question = { project: '/p', runs: [], metrics: [], events: false };
    expect(await client.request('readSeries', question)).toMatchObject({
      runs: [{ series: [{ steps: Float64Array.of(1), values: Float64Array.of(2), times: Float64Array.of(3) }] }],
    });
    expect([steps.length, values.length]).toEqual([0, 0]);
  });

  it('carries an expected error with its code and problems, and a bug with its stack', async () => {
    const [extension, engine] = createChannel();
    const client = connectEngine(extension, () => undefined);
    const problem = { file: 'dvc.yaml', line: 3, column: 1, severity: 'error', message: 'no' } as const;
    serveEngine(
      engine,
      handlersOf({
        readStatus: () => {
          throw new ExpectedError('bad-input', 'dvc.yaml has mistakes.', [problem]);
        },
        listRuns: () => Promise.reject(new TypeError('a bug')),
      }),
    );
    const failure = await client.request('readStatus', { project: '/p' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ExpectedError);
    expect(failure).toMatchObject({ code: 'bad-input', message: 'dvc.yaml has mistakes.', problems: [problem] });
    const bug = await client.request('listRuns', { project: '/p' }).catch((error: unknown) => error);
    expect(bug).not.toBeInstanceOf(ExpectedError);
    expect((bug as Error).stack).toContain('engine.test.ts');
  });

  it('fails a request that the engine does not know, also one named like a method of every object', async () => {
    const [extension, engine] = createChannel();
    const client = connectEngine(extension, () => undefined);
    serveEngine(engine, handlersOf({}));
    for (const name of ['listRuns', 'toString'])
      await expect(client.request(name as never, {} as never)).rejects.toThrow(name);
  });

  it('fails every pending and every later request with the reason when it is closed', async () => {
    const [extension] = createChannel();
    const client = connectEngine(extension, () => undefined);
    const pending = [client.request('listRuns', { project: '/a' }), client.request('listModels', { project: '/b' })];
    client.close(new Error('The engine thread ended (code 1).'));
    const outcomes = await Promise.allSettled([...pending, client.request('listRuns', { project: '/c' })]);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : 'fulfilled'))).toEqual(
      Array.from({ length: 3 }, () => 'Error: The engine thread ended (code 1).'),
    );
  });

  it('refuses a peer of another version, naming both', async () => {
    const [extension, engine] = createChannel();
    const client = connectEngine(extension, () => undefined);
    engine.post({ type: 'hello', protocol: 99 });
    await expect(client.request('listRuns', { project: '/p' })).rejects.toThrow(/protocol 1 here, 99 there/);
  });

  it('takes no request before the hello', () => {
    let receive: (message: unknown) => void = () => undefined;
    serveEngine({ post: () => undefined, listen: (listener) => (receive = listener) }, handlersOf({}));
    expect(() => receive({ type: 'request', id: 1, name: 'listRuns', payload: {} })).toThrow('hello');
  });

  it('lets no listener keep the others from hearing', () => {
    const reported: unknown[] = [];
    const heard: string[] = [];
    const { on, emit } = createListeners((error) => reported.push(error));
    on('log', () => {
      throw new Error('first');
    });
    const second = on('log', ({ text }) => heard.push(text));
    emit('log', { level: 'info', text: 'a' });
    second.dispose();
    emit('log', { level: 'info', text: 'b' });
    expect(heard).toEqual(['a']);
    expect(reported).toHaveLength(2);
  });
});
