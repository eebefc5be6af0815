import type { Project } from '../project/project.ts';
import { syncProject } from '../tracking/tracking.ts';

const EVERY_MS = 30_000;

interface SendingOptions {
  /** Those that may be asked for the network by now. */
  readonly projects: () => readonly Project[];
  readonly env: NodeJS.ProcessEnv;
  /** A run that waited is on its server by now. */
  readonly onSent: (project: Project) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Sends now and then, as long as the window is open, what runs of its projects could not bring to their server. */
export function keepSending({ projects, env, onSent, onFailure }: SendingOptions): void {
  let isSending = false;
  const send = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    try {
      for (const project of projects()) {
        const servers = await syncProject(project, { env });
        if (servers.some(({ runs }) => runs.some(({ state }) => state === 'sent'))) onSent(project);
      }
    } catch (error) {
      onFailure(error);
    }
    isSending = false;
  };
  setInterval(() => void send(), EVERY_MS).unref();
}
