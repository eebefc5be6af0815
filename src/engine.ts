import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { parentPort } from 'node:worker_threads';
import { planProject, resolveAnswers, type WritePlan } from './core/scaffold/scaffold.ts';
import { findShownSweep } from './core/sweep/sweep.ts';
import { createTensorFlowInstaller } from './node/backends/backends.ts';
import {
  checkFiles,
  complete,
  findHover,
  listDecorations,
  offerGridOf,
  planGridAddition,
  readConfigLenses,
  readLenses,
  untrackFile,
} from './node/editing/editing.ts';
import { addStage, planStage, readStageGround } from './node/addstage/addstage.ts';
import { writeFileAtomic } from './node/files/files.ts';
import { openGit } from './node/git/git.ts';
import { checkFlow, createStops, performFlow, planFlow, readFlow, suggestVersion } from './node/gitflow/gitflow.ts';
import { createInstallation, installationEnvironment } from './node/installation/installation.ts';
import { listConfigs, listModels } from './node/inventory/inventory.ts';
import { findRunLog, listProcesses, startProcess, stopProcess } from './node/live/live.ts';
import { outlineSweepOf } from './node/sweep/sweep.ts';
import { exportModel } from './node/models/models.ts';
import { drawPlots } from './node/plots/plots.ts';
import type { Project } from './node/project/project.ts';
import {
  listRegistryOf,
  promote,
  readModelCard,
  registerModel,
  takeBack,
  toRegistryChoice,
} from './node/registry/registry.ts';
import { tellReportOf, writePointsOf, writeReportOf } from './node/report/report.ts';
import { requirePlan } from './node/reproduce/reproduce.ts';
import { inspectTarget, listTemplates, newProject, readTemplate } from './node/scaffold/scaffold.ts';
import { keepCredentials, tryCredentials } from './node/mlflowserver/mlflowserver.ts';
import { addStore, forgetServerLists, listStores, removeStore } from './node/tracking/tracking.ts';
import { chooseBackend, predict, probeBackends, steerLiveRun } from './node/training/training.ts';
import { deleteView, listViews, saveView } from './node/views/views.ts';
import {
  WindowProjects,
  compareCode,
  drawLoggedTables,
  compareRunsOf,
  editRun,
  listRunArtifacts,
  listRunPictures,
  planResumption,
  readArtifactDocument,
  readCommitDocument,
  readExamplesOf,
  readRunAbout,
  readRunCourse,
  repairRun,
  viewRunArtifact,
} from './node/window/window.ts';
import { serveEngine, type EngineHandlers, type NewProjectRequest } from './protocol/engine.ts';
import { badInput } from './protocol/errors.ts';
import { parseCredentialsByServer } from './protocol/servers.ts';
import { version } from '../package.json';

// Composition root of the engine thread: answers what protocol/engine.ts names through the doors of the capabilities. It may be
// ended and started again at any time, because all that it knows can be read again.

if (parentPort === null) throw new Error('The engine is started as a thread of the extension.');
const port = parentPort;
const env = withoutEditor(process.env);
/** Also with who asks tracking servers: for stores, and for what trains. Git, its hooks and installers do without. */
const signedIn = { ...env };
const useCredentials = keepCredentials(signedIn);
const installation = createInstallation(__dirname, version);
const projects = new WindowProjects({ env: signedIn, emit: (name, event) => emit(name, event) });

const flows = createStops();
const installer = createTensorFlowInstaller({ installation, env, tell: (progress) => emit('installing', progress) });

const viewRegistry = () => ({ env: signedIn, trusted: projects.isTrusted });

/** A person waits for them. */
const EXAMPLES_MS = 120_000;

const handlers: EngineHandlers = {
  configure: ({ folders, trusted }) => projects.configure(folders, trusted),
  useCredentials({ servers }) {
    useCredentials(parseCredentialsByServer(servers));
    forgetServerLists();
    projects.readAgain();
    return null;
  },
  async tryCredentials({ uri, credentials }) {
    projects.requireTrust();
    return { server: await tryCredentials(uri, credentials, signedIn) };
  },
  readStatus: async ({ project }) => (await projects.get(project)).readStatus(),
  listConfigs: async ({ project }) => listConfigs(await find(project)),
  listData: async ({ project, folder }) => (await projects.get(project)).listData(folder),
  listRuns: async ({ project }) => (await projects.get(project)).listRuns(),
  readRunTable: async ({ project, since }) => (await projects.get(project)).readRunTable(since),
  listViews: async ({ project }) => listViews(await find(project)),
  async readPlots({ project, revisions, runIds }) {
    const found = await find(project);
    const [plots, tables] = await Promise.all([
      drawPlots(found, { revisions, env }),
      drawLoggedTables(found, runIds, projects.env),
    ]);
    return { plots: [...plots.plots, ...tables.plots], problems: [...plots.problems, ...tables.problems] };
  },
  async saveView({ project, name, view }) {
    projects.requireTrust();
    const open = await projects.get(project);
    await saveView(open.project, name, view);
    open.tellChanged(['runs']);
    return null;
  },
  async deleteView({ project, name }) {
    projects.requireTrust();
    const open = await projects.get(project);
    await deleteView(open.project, name);
    open.tellChanged(['runs']);
    return null;
  },
  async readRunCourse({ project, runId }) {
    return readRunCourse(await find(project), runId, projects.env);
  },
  async readTrials({ project, runId }) {
    return findShownSweep((await (await projects.get(project)).listRuns()).runs, runId);
  },
  async writeReport({ project, ...request }) {
    projects.requireTrust();
    return writeReportOf(await find(project), request, { env: projects.env, version });
  },
  tellReport: async ({ project, report }) => tellReportOf(await find(project), report, { env: projects.env, version }),
  async writePoints({ project, ...request }) {
    projects.requireTrust();
    return writePointsOf(await find(project), request, { env: projects.env });
  },
  async writeFile({ file, bytes }) {
    projects.requireTrust();
    await writeFileAtomic(file, bytes);
    return null;
  },
  readRun: async ({ project, runId }) => (await projects.get(project)).readRun(runId),
  readSeries: async ({ project, ...question }) => (await projects.get(project)).readSeries(question),
  async lookForRuns({ project }) {
    (await projects.get(project)).readAgain();
    return null;
  },
  readRunAbout: async ({ project, runId }) => readRunAbout(await ofRun(project, runId), projects.isTrusted),
  listArtifacts: async ({ project, runId, folder }) => listRunArtifacts(await ofRun(project, runId), folder),
  listPictures: async ({ project, runId }) => listRunPictures(await ofRun(project, runId)),
  viewArtifact: async ({ project, runId, path: name }) => viewRunArtifact(await ofRun(project, runId), name),
  readArtifact: async ({ project, runId, path: name }) => readArtifactDocument(await ofRun(project, runId), name),
  readExamples: async ({ project, runId, ...cell }) =>
    readExamplesOf(await ofRun(project, runId), cell, {
      ...{ installation, env: signedIn, isTrusted: projects.isTrusted },
      signal: AbortSignal.timeout(EXAMPLES_MS),
    }),
  compareRuns: async ({ project, runIds }) => compareRunsOf(await find(project), runIds, projects.env),
  async compareCode({ project, before, after }) {
    projects.requireTrust();
    return compareCode(await find(project), [before, after], signedIn);
  },
  // git reads the repository's configuration.
  async readCommitFile({ project, commit, file }) {
    projects.requireTrust();
    return readCommitDocument(await find(project), { commit, file }, env);
  },
  findRunLog: async ({ project, runId }) => (await findRunLog(await find(project), runId)) ?? null,
  listModels: async ({ project }) => listModels(await find(project)),
  listRegisteredModels: async ({ project }) => listRegistryOf(await find(project), viewRegistry()),
  readModelCard: async ({ project, model }) =>
    readModelCard(toRegistryChoice(await find(project), viewRegistry()), model),
  async registerModel({ project, model, name }) {
    projects.requireTrust();
    return registerModel(toRegistryChoice(await find(project), viewRegistry()), { model, name });
  },
  async promoteModel({ project, model, alias }) {
    projects.requireTrust();
    return promote(toRegistryChoice(await find(project), viewRegistry()), { model, alias });
  },
  async undoAlias({ project, name, alias }) {
    projects.requireTrust();
    return takeBack(toRegistryChoice(await find(project), viewRegistry()), { name, alias });
  },
  listProcesses: async ({ project }) => listProcesses(await find(project)),
  async startProcess({ project: root, arguments: args }) {
    projects.requireTrust();
    const open = await projects.get(root);
    const started = await startProcess(open.project, args, { installation, env: signedIn });
    open.alert();
    return started;
  },
  async followProcess({ project, id, offset, follower }) {
    await projects.followProcess(project, id, offset, follower);
    return null;
  },
  unfollowProcess({ follower }) {
    projects.unfollow(follower);
    return null;
  },
  async stopProcess({ project, id }) {
    projects.requireTrust();
    await stopProcess(await find(project), id);
    return null;
  },
  readTemplates: async () => ({ templates: await listTemplates(installation), author: await readAuthor() }),
  async planProject(request) {
    // Told before anything else is asked, not only when everything has been answered.
    await inspectTarget(request.target);
    const { files } = await plan(request);
    return files.map((file) => ({ path: file.path, bytes: file.content.byteLength }));
  },
  async newProject(request) {
    projects.requireTrust();
    const { root, notes } = await newProject(request.target, await plan(request), { env });
    return { root, notes };
  },
  async checkFiles({ project, open }) {
    const commandEnv = installationEnvironment(installation, env);
    return checkFiles(await find(project), open, { env: commandEnv, trusted: projects.isTrusted });
  },
  readLenses: async ({ project, ...text }) => readLenses(text, await (await projects.get(project)).readStatus()),
  async readConfigLenses({ project, ...text }) {
    const open = await projects.get(project);
    return readConfigLenses(open.project, text, await open.readTried(text.file));
  },
  offerGrid: async ({ project, ...text }) =>
    offerGridOf(text, await (await projects.get(project)).readTried(text.file)),
  planGridAddition: ({ name, values, ...text }) => planGridAddition(text, name, values),
  complete: async ({ project, ...question }) => complete(await find(project), question),
  async hover({ project, ...question }) {
    const open = await projects.get(project);
    return findHover(open.project, question, () => open.readStatus());
  },
  async listDecorations({ project }) {
    const open = await projects.get(project);
    return listDecorations(open.project, await open.readStatus());
  },
  async untrackFile({ project, file }) {
    projects.requireTrust();
    await untrackFile(await find(project), file, env);
    return null;
  },
  readStageGround: async ({ project }) => readStageGround(await find(project)),
  planStage: async ({ project, stage }) => planStage(await find(project), stage),
  async addStage({ project, stage }) {
    projects.requireTrust();
    return addStage(await find(project), stage);
  },
  // git reads the repository's configuration: also looking at branches is left to trusted folders.
  async readFlow({ project }) {
    projects.requireTrust();
    return readFlow((await find(project)).root, { env });
  },
  async planFlow({ project, flow }) {
    projects.requireTrust();
    return planFlow((await find(project)).root, flow, { env });
  },
  async checkFlow({ project, type, name }) {
    projects.requireTrust();
    const { root } = await find(project);
    return flows.run(root, (signal) => checkFlow(root, { type, name }, { env, signal }));
  },
  async suggestVersion({ project, type }) {
    projects.requireTrust();
    return suggestVersion((await find(project)).root, type, { env });
  },
  async performFlow({ project, flow }) {
    projects.requireTrust();
    const open = await projects.get(project);
    try {
      const { root } = open.project;
      return await flows.run(root, (signal) => performFlow(root, flow, { env, signal }));
    } finally {
      // Also what has stopped has changed something; a repository above the project is not watched.
      open.tellChanged(['branches']);
    }
  },
  async stopFlow({ project }) {
    flows.stop((await find(project)).root);
    return null;
  },
  async steerRun({ project, runId, steering }) {
    projects.requireTrust();
    return steerLiveRun(await find(project), runId, steering);
  },
  // The model's own code may make the space, and refuse combinations.
  async planSweep({ project, config, choice }) {
    projects.requireTrust();
    const request = { config, choice, installation, env: signedIn };
    return outlineSweepOf(await find(project), request, new AbortController().signal);
  },
  async planReproduction({ project, runId }) {
    projects.requireTrust();
    const found = await find(project);
    const request = { run: runId, keeps: false, cwd: found.root, env: signedIn, installation };
    const { name, folder, patch, notes } = await requirePlan(found, request, new AbortController().signal);
    return { name, folder, patch, notes };
  },
  async planResumption({ project, runId }) {
    projects.requireTrust();
    return planResumption(await find(project), runId, { env: signedIn, installation });
  },
  async editRun({ project, runId, edit }) {
    projects.requireTrust();
    const open = await projects.get(project);
    await editRun(open.project, { runId, edit, env: signedIn });
    // A tag that changes lies deeper than runs are watched.
    open.tellChanged(['runs']);
    return null;
  },
  async repairRun({ project, runId }) {
    projects.requireTrust();
    await repairRun(await find(project), runId, signedIn);
    return null;
  },
  listStores: async ({ project }) => listStores({ project: await find(project), env: projects.env, cwd: project }),
  async addStore({ project, uri }) {
    projects.requireTrust();
    return addStore(await find(project), { uri, cwd: project });
  },
  async removeStore({ project, uri }) {
    projects.requireTrust();
    return removeStore(await find(project), { uri, cwd: project });
  },
  async listBackends({ project }) {
    projects.requireTrust();
    const { root } = await find(project);
    return probeBackends({ cwd: root, installation, env, signal: new AbortController().signal });
  },
  async chooseBackend({ project, config, backend }) {
    projects.requireTrust();
    return chooseBackend(await find(project), config, backend);
  },
  async installTensorFlow({ project, gpu }) {
    projects.requireTrust();
    return installer.install({ folder: (await find(project)).root, gpu });
  },
  stopInstallation() {
    installer.stop();
    return null;
  },
  async predict({ project, model, images }) {
    projects.requireTrust();
    const own = await find(project);
    return predict(own, { model, images, cwd: own.root, installation, env: signedIn }, new AbortController().signal);
  },
  async exportModel({ project, model, format, out }) {
    projects.requireTrust();
    const request = { model, format, out, installation, env: signedIn };
    return exportModel(await find(project), request, new AbortController().signal);
  },
};

const emit = serveEngine(
  {
    post: (message, handedOver = []) =>
      port.postMessage(
        message,
        handedOver.filter((one) => one instanceof ArrayBuffer),
      ),
    listen: (listener) => void port.on('message', listener),
  },
  handlers,
);
mendLaunchers().catch((error: unknown) =>
  emit('log', { level: 'warning', text: `The mlops command of terminals may not start: ${String(error)}` }),
);

async function ofRun(
  project: string,
  runId: string,
): Promise<{ project: Project; runId: string; env: NodeJS.ProcessEnv }> {
  return { project: await find(project), runId, env: projects.env };
}

async function find(root: string): Promise<Project> {
  return (await projects.get(root)).project;
}

async function plan({ target, template, answers }: NewProjectRequest): Promise<WritePlan> {
  const author = await readAuthor();
  const surroundings = {
    folderName: path.basename(target),
    year: new Date().getFullYear(),
    ...(author === null ? {} : { author }),
  };
  const given = Object.entries(answers).flatMap(([name, answer]) =>
    answer === undefined ? [] : [[name, answer] as const],
  );
  const { answers: resolved, problems } = resolveAnswers(Object.fromEntries(given), surroundings);
  if (resolved === undefined) throw badInput(problems.map(({ message }) => message).join(' '));
  return planProject(resolved, await readTemplate(installation, template), version);
}

/** Whom git would name in the user's home; nothing of a folder is asked. */
async function readAuthor(): Promise<string | null> {
  const entries = await openGit(env['HOME'] ?? env['USERPROFILE'] ?? path.dirname(installation.cli), { env })
    .readConfig()
    .catch(() => []); // No git, or none of it readable: then nobody is suggested.
  return entries.findLast(({ key }) => key === 'user.name')?.value ?? null;
}

/** What the editor put into its own environment is nobody else's business, and would change what children do. */
function withoutEditor(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => !/^(VSCODE_|ELECTRON_|APPLICATION_INSIGHTS)/.test(name)),
  );
}

/** Unpacking an extension can lose the right to execute. */
async function mendLaunchers(): Promise<void> {
  if (process.platform !== 'win32') await chmod(path.join(installation.bin, 'mlops'), 0o755);
}
