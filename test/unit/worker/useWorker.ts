import { afterAll, afterEach, beforeAll } from 'vitest';
import { createProject, type Project } from './project.ts';
import { buildWorker } from './workerProcess.ts';

/** Call it in a file of tests: the worker as it ships, and projects that are removed after their test. */
export function useWorker(): {
  /** The bundle; from the first test on. */
  readonly file: () => string;
  readonly makeProject: (files?: Record<string, string>) => Promise<Project>;
} {
  let bundle: Awaited<ReturnType<typeof buildWorker>>;
  const projects: Project[] = [];
  beforeAll(async () => {
    bundle = await buildWorker();
  }, 60_000);
  afterAll(() => bundle.remove());
  afterEach(async () => {
    await Promise.all(projects.splice(0).map((project) => project.remove()));
  });
  return {
    file: () => bundle.file,
    async makeProject(files) {
      const project = await createProject(files);
      projects.push(project);
      return project;
    },
  };
}
