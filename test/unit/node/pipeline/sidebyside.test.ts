import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { planWaits } from '../../../../src/core/pipeline/pipeline.ts';
import { loadPipeline } from '../../../../src/node/pipeline/load.ts';
import { performInOrder } from '../../../../src/node/pipeline/sidebyside.ts';
import { waitsOf, withSources } from '../../../../src/node/pipeline/steps.ts';
import type { PipelineRunOptions } from '../../../../src/node/pipeline/pipeline.ts';
import { TestProject, toOutcomes, until } from './bench.ts';

// mlops run --jobs N: several stages at a time, and everything on disk as of one after the other.

const projects: TestProject[] = [];
afterEach(async () => {
  await Promise.all(projects.splice(0).map((project) => project.remove()));
});

async function create(files: Record<string, string>): Promise<TestProject> {
  const project = await TestProject.create(files);
  projects.push(project);
  return project;
}

/** `needs[i]`: numbers below i of the stages whose outputs stage i reads; it sleeps `naps[i]` hundredths of a second. */
interface Shape {
  readonly needs: readonly (readonly number[])[];
  readonly naps: readonly number[];
  /** Its number among the stages of dvc.yaml. */
  readonly order: readonly number[];
  readonly failing: number;
}

const shapes = fc.integer({ min: 2, max: 7 }).chain((count) =>
  fc.record({
    needs: fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.subarray([...Array(index).keys()], { maxLength: Math.min(3, index) }),
      ),
    ),
    naps: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: count, maxLength: count }),
    order: fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
    failing: fc.integer({ min: -count, max: count - 1 }),
  }),
);

function toPipeline({ needs, naps, order }: Shape, failing: number): string {
  const stages = order.map((number) => {
    const deps = ['seed.txt', `own${number}.txt`, ...(needs[number] ?? []).map((need) => `out${need}.txt`)];
    const cmd = `sleep 0.${String(naps[number] ?? 0).padStart(2, '0')}; cat ${deps.join(' ')} > out${number}.txt`;
    return `  s${number}:\n    cmd: ${cmd}${number === failing ? '; false' : ''}\n    deps: [${deps.join(', ')}]\n    outs: [out${number}.txt]\n`;
  });
  return `stages:\n${stages.join('')}`;
}

async function createShape(shape: Shape): Promise<TestProject> {
  const own = shape.order.map((number): [string, string] => [`own${number}.txt`, `${number}\n`]);
  return create({ 'dvc.yaml': toPipeline(shape, -1), 'seed.txt': '0\n', ...Object.fromEntries(own) });
}

describe('side by side', () => {
  it('files and results are those of one after the other, however long stages take', async () => {
    const check = async (shape: Shape): Promise<void> => {
      const [serial, parallel] = [await createShape(shape), await createShape(shape)];
      const same = async (options: Partial<PipelineRunOptions>): Promise<void> => {
        const outcomes = await serial.outcomes(options);
        expect(await parallel.outcomes({ ...options, jobs: 3 })).toBe(outcomes);
        expect(await parallel.read('dvc.lock').catch(() => '')).toBe(await serial.read('dvc.lock').catch(() => ''));
      };
      const change = (name: string, text: string) =>
        Promise.all([serial, parallel].map((each) => each.write(name, text)));
      await same({ stages: [`s${shape.order[0] ?? 0}`] });
      await change('dvc.yaml', toPipeline(shape, shape.failing));
      await same({ keepGoing: true });
      await change('dvc.yaml', toPipeline(shape, -1));
      await same({});
      await change(`own${shape.order.at(-1) ?? 0}.txt`, 'changed\n');
      await same({});
      expect(await parallel.states()).toBe(await serial.states());
      await same({ force: true, single: true, stages: shape.order.map((number) => `s${number}`) });
    };
    await fc.assert(fc.asyncProperty(shapes, check), { numRuns: 6, endOnFailure: true });
  });

  const two = `stages:
  a: {cmd: CMD_A, outs: [a.txt]}
  b: {cmd: CMD_B, outs: [b.txt]}
  c: {cmd: cat a.txt > c.txt, deps: [a.txt], outs: [c.txt]}
`;
  const createTwo = (a: string, b: string) =>
    create({ 'dvc.yaml': two.replace('CMD_A', JSON.stringify(a)).replace('CMD_B', JSON.stringify(b)) });
  const waitFor = (name: string): string => `while [ ! -e ${name} ]; do sleep 0.02; done`;

  it('stages that wait for each other end: they run at the same time, and both are shown', async () => {
    const project = await createTwo(
      `echo > a.txt; ${waitFor('go')}`,
      `${waitFor('a.txt')}; echo > b.txt; ${waitFor('go')}`,
    );
    const running = project.run({ jobs: 2 });
    await until(() =>
      project.read('b.txt').then(
        () => true,
        () => false,
      ),
    );
    expect(await project.states()).toBe('a:running b:running c:never-run');
    await project.write('go', '');
    expect(toOutcomes(await running)).toBe('a:succeeded b:succeeded c:succeeded');
    expect(await project.states()).toBe('a:fresh b:fresh c:fresh');
    expect(await project.read('.mlops/tmp/running-stages.json')).toBe('null');
  });

  it.each([
    [false, 'a:failed b:succeeded c:blocked d:blocked'],
    [true, 'a:failed b:succeeded c:blocked d:succeeded'],
  ])(
    'after a failure what runs goes on, and with keep-going (%s) what does not need it: %s',
    async (keepGoing, outcomes) => {
      const project = await createTwo(`${waitFor('b-runs')}; exit 3`, `echo > b-runs; sleep 0.3; echo > b.txt`);
      await project.write('dvc.yaml', `${await project.read('dvc.yaml')}  d: {cmd: echo > d.txt, outs: [d.txt]}\n`);
      expect(await project.outcomes({ jobs: 2, keepGoing })).toBe(outcomes);
    },
  );

  it('a stop ends all of them', async () => {
    const project = await createTwo('echo > a-runs; sleep 300', 'echo > b-runs; sleep 300');
    const abort = new AbortController();
    const running = project.run({ jobs: 2 }, abort.signal);
    for (const name of ['a-runs', 'b-runs'])
      await until(() =>
        project.read(name).then(
          () => true,
          () => false,
        ),
      );
    abort.abort('SIGINT');
    const document = await running;
    expect([document.outcome, toOutcomes(document)]).toEqual(['stopped', 'a:stopped b:stopped c:blocked']);
  });
});

describe('performing in order', () => {
  it('never more than so many at a time, and nothing before what it waits for', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 4 }), async (shape, jobs) => {
        const project = await createShape(shape);
        const { graph } = await loadPipeline({ root: project.root });
        const waits = planWaits(graph, graph.stages);
        const [begun, ended, running]: [string[], Set<string>, Set<string>] = [[], new Set(), new Set()];
        await performInOrder(graph.stages, { jobs, waits, signal: new AbortController().signal }, async ({ name }) => {
          begun.push(name);
          running.add(name);
          expect(running.size).toBeLessThanOrEqual(jobs);
          for (const other of waits.get(name) ?? []) expect(ended).toContain(other);
          await new Promise((resolve) => setTimeout(resolve, shape.naps[begun.length - 1]));
          running.delete(name);
          ended.add(name);
        });
        expect(begun.toSorted()).toEqual(graph.stages.map(({ name }) => name).sort());
        if (jobs === 1) expect(begun).toEqual(graph.stages.map(({ name }) => name));
      }),
      { numRuns: 20 },
    );
  });

  it('a bug in one stops the others, and is thrown when they have ended', async () => {
    const { graph } = await loadPipeline({
      root: (await createShape({ needs: [[], [], []], naps: [], order: [0, 1, 2], failing: -1 })).root,
    });
    const told: string[] = [];
    const work = performInOrder(
      graph.stages,
      { jobs: 2, waits: new Map(), signal: new AbortController().signal },
      async ({ name }, signal) => {
        if (name === 's1') throw new Error('a bug');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        told.push(`${name} ended`);
      },
    );
    await expect(work).rejects.toThrow('a bug');
    expect(told).toEqual(['s0 ended']);
  });
});

describe('tracked data among the stages', () => {
  const outs = (name: string): string => `outs:\n- md5: 60b725f10c9c85c70d97880dfe8191b3\n  size: 2\n  path: ${name}\n`;

  it('stages wait for the data that they read; data waits for none but a frozen stage before it', async () => {
    const project = await create({
      'dvc.yaml': `stages:
  kept: {cmd: x, deps: [b], outs: [k], frozen: true}
  a: {cmd: x, deps: [a, k], outs: [o]}
  b: {cmd: x, deps: [b/part, o], outs: [p]}
`,
      'a.dvc': outs('a'),
      'b.dvc': outs('b'),
      'unread.dvc': outs('unread'),
    });
    const loaded = await loadPipeline({ root: project.root });
    const all = { stages: [], single: false, downstream: false };
    const steps = withSources(loaded.graph.stages, loaded, all);
    expect(steps.map(({ name }) => name)).toEqual(['kept', 'a.dvc', 'a', 'b.dvc', 'b', 'unread.dvc']);
    expect(Object.fromEntries(waitsOf(steps, loaded.graph))).toEqual({
      'kept': [],
      'a.dvc': [],
      'a': ['kept', 'a.dvc'],
      'b.dvc': ['kept'],
      'b': ['a', 'b.dvc'],
      'unread.dvc': [],
    });
    const alone = withSources(loaded.graph.stages, loaded, { ...all, stages: ['a'], single: true });
    expect(Object.fromEntries(waitsOf(alone, loaded.graph))).toEqual({ kept: [], a: ['kept'], b: ['a'] });
  });
});
