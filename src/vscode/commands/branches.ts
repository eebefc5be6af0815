import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type {
  FlowPlanDocument,
  FlowRequest,
  FlowState,
  FlowTopic,
  TopicType,
  VersionSuggestion,
} from '../../protocol/gitflow.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { describeGate, passGates } from './finishing.ts';
import { offerToInitialise, performFlow } from './gitflow.ts';
import { pickProject } from './pick.ts';

type BranchCommands = Pick<
  CommandTypes,
  | 'mlops.startBranch'
  | 'mlops.finishBranch'
  | 'mlops.publishBranch'
  | 'mlops.updateBranch'
  | 'mlops.checkoutBranch'
  | 'mlops.deleteBranch'
  | 'mlops.continueFlow'
  | 'mlops.abortFlow'
  | 'mlops.undoFlow'
>;

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
}

/** A topic branch with the project that it is one of. */
interface Chosen {
  readonly project: string;
  readonly type: TopicType;
  readonly name: string;
}

const types: readonly TopicType[] = ['feature', 'bugfix', 'release', 'hotfix', 'support'];

/** What is done with branches of every type; what can't be taken back easily is shown as its plan first. */
export function createBranchCommands({ engine, projects }: Parts): BranchCommands {
  /** The branch that the command means; `filter`: which ones are asked about where no entry was clicked. */
  const choose = async (
    target: Target | undefined,
    title: string,
    filter: (topic: FlowTopic) => boolean,
  ): Promise<Chosen | undefined> => {
    if (target?.kind === 'branch') return target;
    const project = await pickProject(projects, target);
    const state = project === undefined ? undefined : await readReadyFlow(engine, project);
    if (project === undefined || state === undefined) return undefined;
    const topic = await pickTopic(state.topics.filter(filter), title);
    return topic === undefined ? undefined : { project, type: topic.type, name: topic.name };
  };
  /** Of what is done at once. */
  const simple =
    (
      title: string,
      toRequest: (chosen: Chosen) => FlowRequest,
      filter: (topic: FlowTopic) => boolean,
    ): CommandTypes['mlops.publishBranch'] =>
    async (target) => {
      const chosen = await choose(target, title, filter);
      if (chosen !== undefined) await performFlow(engine, chosen.project, toRequest(chosen), `${title} …`);
    };
  const onProject =
    (flow: FlowRequest, title: string): CommandTypes['mlops.continueFlow'] =>
    async (target) => {
      const project = await pickProject(projects, target);
      if (project !== undefined) await performFlow(engine, project, flow, `${title} …`);
    };
  const hasBase = ({ type }: FlowTopic): boolean => type !== 'support';
  return {
    'mlops.startBranch': (target) => startBranch({ engine, projects }, target),
    async 'mlops.finishBranch'(target) {
      const title = vscode.l10n.t('Branch to finish');
      const chosen = await choose(target, title, hasBase);
      if (chosen === undefined || chosen.type === 'support') return;
      const { project, type, name } = chosen;
      const passed = await passGates(engine, { project, type, name });
      if (passed === undefined) return;
      const { gates, ...override } = passed;
      const flow: FlowRequest = { action: 'finish', type, name, ...override };
      const plan = { ...(await engine.request('planFlow', { project, flow })), gates };
      if (!(await agree(vscode.l10n.t('Finish {0} {1}?', type, name), vscode.l10n.t('Finish'), plan))) return;
      await performFlow(engine, project, flow, vscode.l10n.t('Finishing {0} {1} …', type, name));
    },
    'mlops.publishBranch': simple(
      vscode.l10n.t('Publish Branch'),
      ({ type, name }) => ({ action: 'publish', type, name }),
      ({ remote }) => remote === null,
    ),
    'mlops.updateBranch': simple(
      vscode.l10n.t('Update Branch from Its Base'),
      ({ type, name }) => ({ action: 'update', type, name }),
      hasBase,
    ),
    'mlops.checkoutBranch': simple(
      vscode.l10n.t('Check Out Branch'),
      ({ type, name }) => ({ action: 'checkout', type, name }),
      ({ current }) => !current,
    ),
    async 'mlops.deleteBranch'(target) {
      const chosen = await choose(target, vscode.l10n.t('Branch to delete'), () => true);
      if (chosen !== undefined) await deleteBranch(engine, chosen);
    },
    'mlops.continueFlow': onProject({ action: 'continue' }, vscode.l10n.t('Continue What Has Stopped')),
    'mlops.abortFlow': onProject({ action: 'abort' }, vscode.l10n.t('Abort What Has Stopped')),
    'mlops.undoFlow': (target) => undo({ engine, projects }, target),
  };
}

async function startBranch({ engine, projects }: Parts, target: Target | undefined): Promise<void> {
  const project = await pickProject(projects, target);
  const state = project === undefined ? undefined : await readReadyFlow(engine, project);
  if (project === undefined || state === undefined) return;
  const type = await pickType(state);
  const suggestion =
    type === 'release' || type === 'hotfix' ? await engine.request('suggestVersion', { project, type }) : undefined;
  const name = type === undefined ? undefined : await askName(type, state, suggestion);
  if (type === undefined || name === undefined) return;
  // A support branch lives on beside production, from a version of it: which one nobody but the user knows.
  const base = type === 'support' ? await askBase() : undefined;
  if (type === 'support' && base === undefined) return;
  const flow: FlowRequest = { action: 'start', type, name, ...(base === undefined ? {} : { base }) };
  await performFlow(engine, project, flow, vscode.l10n.t('Starting {0} {1} …', type, name));
}

async function undo({ engine, projects }: Parts, target: Target | undefined): Promise<void> {
  const project = await pickProject(projects, target);
  if (project === undefined) return;
  const flow: FlowRequest = { action: 'undo' };
  const plan = await engine.request('planFlow', { project, flow });
  const question = vscode.l10n.t('Take the last action on branches back?');
  if (!(await agree(question, vscode.l10n.t('Take Back'), plan))) return;
  await performFlow(engine, project, flow, vscode.l10n.t('Taking the last action back …'));
}

async function deleteBranch(engine: EngineClient, { project, type, name }: Chosen): Promise<void> {
  const title = vscode.l10n.t('Deleting {0} {1} …', type, name);
  const question = vscode.l10n.t('Delete {0} {1}?', type, name);
  const flow: FlowRequest = { action: 'delete', type, name };
  try {
    const plan = await engine.request('planFlow', { project, flow });
    if (!(await agree(question, vscode.l10n.t('Delete'), plan))) return;
    await performFlow(engine, project, flow, title);
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code !== 'branch-state') throw error;
    // Only where force would help: else the plan says anew what is in the way.
    const forced: FlowRequest = { ...flow, force: true };
    const plan = await engine.request('planFlow', { project, flow: forced });
    const warned = { ...plan, warnings: [error.message, ...plan.warnings] };
    if (!(await agree(question, vscode.l10n.t('Delete All the Same'), warned))) return;
    await performFlow(engine, project, forced, title);
  }
}

/** The state of a repository with Gitflow, which is set up now if need be; undefined when the user does not want that. */
async function readReadyFlow(engine: EngineClient, project: string): Promise<FlowState | undefined> {
  const state = await engine.request('readFlow', { project });
  if (state.initialised) return state;
  if (!(await offerToInitialise(state))) return undefined;
  await performFlow(engine, project, { action: 'init' }, vscode.l10n.t('Setting Gitflow up …'));
  return engine.request('readFlow', { project });
}

/** What would be done, before it is. */
async function agree(question: string, yes: string, { plan, warnings, gates }: FlowPlanDocument): Promise<boolean> {
  const shown = gates.flatMap((gate) => describeGate(gate) ?? []);
  const detail = [...warnings, ...shown, ...plan.map(({ title }) => `• ${title}`)].join('\n');
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}

/** What is checked out comes first: it is what people mean most. */
async function pickTopic(topics: readonly FlowTopic[], title: string): Promise<FlowTopic | undefined> {
  if (topics.length === 0) throw new ExpectedError('branch-state', vscode.l10n.t('There is no such branch.'));
  const rows = [...topics]
    .sort((a, b) => Number(b.current) - Number(a.current))
    .map((topic) => ({
      label: topic.branch,
      description: topic.current ? vscode.l10n.t('checked out') : '',
      topic,
    }));
  return (await vscode.window.showQuickPick(rows, { title }))?.topic;
}

async function pickType({ prefixes, production, develop }: FlowState): Promise<TopicType | undefined> {
  const ends: Readonly<Record<TopicType, string>> = {
    feature: vscode.l10n.t('work that comes into {0}', develop ?? ''),
    bugfix: vscode.l10n.t('a mistake of {0} mended', develop ?? ''),
    release: vscode.l10n.t('a version that goes into {0}, with a tag', production ?? ''),
    hotfix: vscode.l10n.t('a mistake of {0} mended at once, with a tag', production ?? ''),
    support: vscode.l10n.t('an old version that lives on'),
  };
  const rows = types.flatMap((type) =>
    prefixes[type] === null ? [] : [{ label: type, description: ends[type], detail: prefixes[type], type }],
  );
  return (await vscode.window.showQuickPick(rows, { title: vscode.l10n.t('Type of the branch') }))?.type;
}

async function askName(
  type: TopicType,
  { topics }: FlowState,
  suggestion: VersionSuggestion | undefined,
): Promise<string | undefined> {
  const existing = topics.filter((topic) => topic.type === type).map(({ name }) => name);
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Start {0}', type),
    prompt:
      suggestion === undefined
        ? vscode.l10n.t('Its name, without the prefix')
        : vscode.l10n.t('Its version, as 1.2.0; suggested: {0} ({1})', suggestion.version, suggestion.reason),
    ...(suggestion === undefined ? {} : { value: suggestion.version }),
    // A first look only; the engine checks it by git's own rules.
    validateInput: (text) => {
      if (text === '') return vscode.l10n.t('A name is needed.');
      if (!/^[A-Za-z0-9][\w./-]*$/.test(text)) return vscode.l10n.t('Letters, digits and . _ / - only.');
      if (existing.includes(text)) return vscode.l10n.t('There is such a branch.');
      return text === suggestion?.last ? vscode.l10n.t('This version is released already.') : undefined;
    },
  });
}

async function askBase(): Promise<string | undefined> {
  const prompt = vscode.l10n.t('The version that it begins from: a tag or a commit of production');
  const base = await vscode.window.showInputBox({ title: vscode.l10n.t('Start {0}', 'support'), prompt });
  return base === '' ? undefined : base;
}

export { agree, pickTopic };
