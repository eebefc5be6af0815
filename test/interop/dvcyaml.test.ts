import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ground, alwaysChanged } from './dvcground.ts';
import { fileProjects } from './projects/files.ts';
import type { Project } from './projects/project.ts';
import { stageProjects } from './projects/stages.ts';
import { valueProjects } from './projects/values.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.create();
});
afterAll(() => ground.remove());

/** Both engines say the same of the project as it stands. */
async function compareStatus(): Promise<unknown> {
  const ours = await ground.ourStatus();
  expect(ours).toEqual(await ground.dvc.ask('status', ground.root));
  return ours;
}

/** Runs the project here: then neither engine sees work left, but for what runs every time. */
async function runHere(): Promise<string[]> {
  const { outcome, stages } = await ground.project.run();
  expect([outcome, stages.filter((stage) => stage.outcome === 'failed')]).toEqual(['succeeded', []]);
  const status = await compareStatus();
  const always = alwaysChanged(status);
  expect(Object.keys(status as object)).toEqual(always);
  return always;
}

/** Lets DVC run everything anew: it writes the locks that we wrote, and leaves no work for us. */
async function runThere(): Promise<void> {
  const ours = await ground.locks();
  await ground.forgetRuns();
  await ground.dvc.ask('repro', ground.root, { args: ['force'] });
  expect(await ground.locks()).toEqual(ours);
  const always = alwaysChanged(await compareStatus());
  const { stages } = await ground.project.run();
  expect(stages.filter(({ outcome }) => outcome !== 'skipped').map(({ name }) => name)).toEqual(always);
}

async function check({ edits = {}, ...files }: Project): Promise<void> {
  await ground.lay(files);
  await compareStatus();
  const always = await runHere();
  expect(await ground.dvc.ask('repro', ground.root)).toEqual(always);
  await runThere();
  await ground.keep();
  for (const [name, edit] of Object.entries(edits)) {
    await ground.restore();
    await ground.edit(edit);
    await compareStatus().catch((error: unknown) => {
      throw new Error(`after the edit "${name}"`, { cause: error });
    });
    await runHere();
  }
}

describe('projects of each construct', () => {
  const projects = { ...stageProjects, ...valueProjects, ...fileProjects };
  it.each(Object.entries(projects))('%s', (_, project) => check(project));
});
