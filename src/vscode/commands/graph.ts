import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject } from './pick.ts';

interface Parts {
  readonly projects: Projects;
  readonly showGraph: (root: string) => void;
}

export function createGraphCommands({ projects, showGraph }: Parts): Pick<CommandTypes, 'mlops.showPipelineGraph'> {
  return {
    async 'mlops.showPipelineGraph'(target) {
      const project = await pickProject(projects, target);
      if (project !== undefined) showGraph(project);
    },
  };
}
