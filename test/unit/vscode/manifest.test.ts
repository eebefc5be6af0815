import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runChartViewType } from '../../../src/protocol/charts.ts';
import { compareViewType } from '../../../src/protocol/compare.ts';
import { dagViewType } from '../../../src/protocol/dag.ts';
import { runTableViewType } from '../../../src/protocol/runtable.ts';
import { commandIds, contextKeys, settingDefaults, taskType, viewIds } from '../../../src/vscode/manifest.ts';
import { listSources } from './sources.ts';

interface MenuItem {
  readonly command: string;
  /** In the place of the command. */
  readonly submenu?: string;
  readonly when: string;
  readonly group: string;
}
interface Manifest {
  readonly activationEvents: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly supported: string } };
  readonly contributes: {
    readonly commands: readonly { command: string; enablement?: string; category: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly views: Readonly<
      Record<string, readonly { id: string; icon: string; visibility?: string; when?: string }[]>
    >;
    readonly viewsWelcome: readonly { view: string; contents: string; when: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { default: unknown; scope: string }>> };
    readonly submenus: readonly { id: string }[];
    readonly keybindings: readonly { command: string }[];
    readonly walkthroughs: readonly { steps: readonly { completionEvents: readonly string[] }[] }[];
    readonly taskDefinitions: readonly { type: string; properties: Readonly<Record<string, unknown>> }[];
  };
}

const root = path.resolve(import.meta.dirname, '../../..');
const text = await readFile(path.join(root, 'package.json'), 'utf8');
const manifest = JSON.parse(text) as Manifest;
const words = JSON.parse(await readFile(path.join(root, 'package.nls.json'), 'utf8')) as Record<string, string>;
const { commands, menus, views, viewsWelcome, configuration, taskDefinitions } = manifest.contributes;
const { submenus, keybindings, walkthroughs } = manifest.contributes;
const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();
const clauses = [
  ...commands.map(({ enablement }) => enablement ?? ''),
  ...Object.values(menus).flatMap((items) => items.map(({ when }) => when)),
  ...viewsWelcome.map(({ when }) => when),
  ...Object.values(views).flatMap((items) => items.map(({ when }) => when ?? '')),
];

const pageTypes = [dagViewType, runTableViewType, compareViewType];

/** Of a clause only what it says of these keys; whatever else it asks for is taken as given. */
function isMet(clause: string, keys: Readonly<Record<string, string>>): boolean {
  return clause.split(' && ').every((part) => {
    const [, denied] = /^!(\w+)$/.exec(part) ?? [];
    if (denied !== undefined) return keys[denied] !== 'true';
    const [, key = '', operator, value = ''] = /^(\w+) (==|=~) (.+)$/.exec(part) ?? [];
    const given = keys[key];
    if (given === undefined) return true;
    return operator === '=~' ? new RegExp(value.slice(1, -1)).test(given) : given === value.replaceAll("'", '');
  });
}

describe('package.json and the code agree', () => {
  it('on commands', () => {
    expect(sorted(commands.map(({ command }) => command))).toEqual(sorted(Object.keys(commandIds)));
    expect(commands).toHaveLength(Object.keys(commandIds).length);
  });

  it('on which commands Restricted Mode leaves: all others are disabled there', () => {
    for (const { command, enablement = '' } of commands) {
      const isGuarded = /\b(mlops\.trusted|isWorkspaceTrusted)\b/.test(enablement);
      expect([command, isGuarded]).toEqual([command, !commandIds[command as keyof typeof commandIds].inRestrictedMode]);
    }
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
  });

  it('on views, in one container, each with an icon and a welcome', () => {
    expect(Object.keys(views)).toEqual(['mlops']);
    const own = views['mlops'] ?? [];
    expect(sorted(own.map(({ id }) => id))).toEqual(sorted(Object.values(viewIds)));
    expect(own.every(({ icon }) => icon.startsWith('$('))).toBe(true);
    // A view that is there only while it has something to show is never empty.
    const lasting = own.filter(({ when }) => when === undefined);
    expect(sorted(viewsWelcome.map(({ view }) => view))).toEqual(sorted(lasting.map(({ id }) => id)));
  });

  it('on room for the pipeline: in a low window five open views would all be of the least height', () => {
    const closed = (views['mlops'] ?? []).filter(({ visibility }) => visibility === 'collapsed');
    expect(closed.map(({ id }) => id)).toEqual([viewIds.data, viewIds.branches]);
  });

  it.each([
    [viewIds.pipeline, 'stage', 'runStage debugStage', 'runStage debugStage openLog'],
    [viewIds.pipeline, 'stage failed', 'openLog runStage debugStage', 'runStage debugStage openLog'],
    [viewIds.pipeline, 'stage running', 'stop', 'openLog'],
    [viewIds.pipeline, 'stage-group', 'runStage', 'runStage'],
    [viewIds.pipeline, 'stage-group failed', 'runStage', 'runStage'],
    [viewIds.pipeline, 'stage-group running', 'stop', 'openLog'],
    [viewIds.pipeline, 'problem', '', ''],
    [viewIds.configs, 'config', 'train sweep', 'train sweep chooseBackend addToGrid startFeature'],
    [viewIds.configs, 'config broken', '', ''],
    [
      viewIds.runs,
      'run finished',
      'showRunChart',
      'showRunChart openLog reproduceRun compareRuns compareCode registerModel renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'run failed',
      'openLog showRunChart',
      'showRunChart openLog reproduceRun compareRuns compareCode renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'run running',
      'showRunChart pauseRun stop',
      'showRunChart openLog pauseRun stopRunAtBest compareRuns compareCode renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'run paused',
      'showRunChart resumeRun stop',
      'showRunChart openLog resumeRun stopRunAtBest compareRuns compareCode renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'run lost',
      'showRunChart repairRun',
      'showRunChart openLog reproduceRun compareRuns compareCode renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'run killed',
      'showRunChart',
      'showRunChart openLog reproduceRun compareRuns compareCode registerModel renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'run killed resumable',
      'showRunChart resumeTraining',
      'showRunChart openLog resumeTraining reproduceRun compareRuns compareCode registerModel renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'run lost resumable',
      'showRunChart repairRun resumeTraining',
      'showRunChart openLog resumeTraining reproduceRun compareRuns compareCode renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'sweep running',
      'showRunChart stop',
      'showRunChart openLog showTrials compareRuns renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'sweep finished',
      'showRunChart',
      'showRunChart openLog showTrials compareRuns renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'sweep failed',
      'openLog showRunChart',
      'showRunChart openLog showTrials compareRuns renameRun noteRun deleteRun',
    ],
    [
      viewIds.runs,
      'sweep killed resumable',
      'showRunChart resumeSweep',
      'showRunChart openLog resumeSweep showTrials compareRuns renameRun noteRun deleteRun',
    ],
    [viewIds.trials, 'sweep running', 'showRunChart stop', 'showRunChart openLog showRunsTable stop'],
    [viewIds.trials, 'trial running', 'stop', 'showRunChart openLog showRunsTable stop compareRuns'],
    [viewIds.trials, 'trial finished', '', 'showRunChart openLog showRunsTable compareRuns'],
    [
      viewIds.branches,
      'branch finishable unpublished plain other',
      'checkoutBranch publishBranch finishBranch',
      'checkoutBranch publishBranch updateBranch finishBranch requestBranch deleteBranch',
    ],
    [
      viewIds.branches,
      'branch finishable published plain current',
      'finishBranch',
      'updateBranch finishBranch requestBranch',
    ],
    [
      viewIds.branches,
      'branch finishable published requested current',
      'openPullRequest',
      'updateBranch completeBranch openPullRequest',
    ],
    [
      viewIds.branches,
      'branch finishable published completable other',
      'checkoutBranch openPullRequest completeBranch',
      'checkoutBranch updateBranch completeBranch openPullRequest deleteBranch',
    ],
    [viewIds.branches, 'branch endless published plain other', 'checkoutBranch', 'checkoutBranch deleteBranch'],
    [viewIds.branches, 'flow-unfinished ours', 'continueFlow abortFlow', 'continueFlow abortFlow'],
    [viewIds.branches, 'branch-lasting', '', ''],
    ['any', 'project', '', 'runPipeline sweep'],
    [viewIds.runs, 'run unreadable', '', ''],
    [viewIds.runs, 'run-warning', '', ''],
    [viewIds.runs, 'run-warning unauthorized', 'signIn', ''],
    [
      viewIds.runs,
      'run finished readonly',
      'showRunChart',
      'showRunChart openLog reproduceRun compareRuns compareCode',
    ],
    [viewIds.models, 'model', 'predictImage showModel', 'registerModel showModel predictImage exportModel'],
    [viewIds.models, 'registered-model', '', 'promoteModel showModel copyModelId'],
    [viewIds.models, 'model-version', 'promoteModel showModel', 'promoteModel showModel copyModelId'],
    [viewIds.models, 'version-run', 'showRunChart', ''],
  ])('on what can be done in %s with a %s', (view, context, inRow, inMenu) => {
    const given = (menus['view/item/context'] ?? [])
      .filter(({ when }) => isMet(when, { view, viewItem: context }))
      .sort((a, b) => (a.group < b.group ? -1 : 1));
    const named = (isInRow: boolean): string =>
      given
        .filter(({ group }) => group.startsWith('inline') === isInRow)
        .map(({ command }) => command.replace('mlops.', ''))
        .join(' ');
    expect([named(true), named(false)]).toEqual([inRow, inMenu]);
  });

  it('on what can be done with several runs that are selected', () => {
    const all = menus['view/item/context'] ?? [];
    const given = all.filter(
      ({ when, group }) =>
        !group.startsWith('inline') &&
        isMet(when, { view: viewIds.runs, viewItem: 'run killed resumable', listMultiSelection: 'true' }),
    );
    const commands = given.map(({ command }) => command.replace('mlops.', ''));
    expect(sorted(commands)).toEqual(['compareCode', 'compareRuns', 'deleteRun']);
  });

  it('on settings, their defaults and a scope', () => {
    const given = Object.entries(configuration.properties).map(([key, { default: value }]) => [key, value]);
    expect(Object.fromEntries(given)).toEqual(settingDefaults);
    for (const { scope } of Object.values(configuration.properties))
      expect(scope).toMatch(/^(window|resource|machine)/);
  });

  it('on menus: their commands and views exist', () => {
    const items = Object.values(menus).flat();
    const ids: readonly string[] = [...Object.keys(commandIds), ...Object.values(viewIds)];
    for (const { command, submenu, when } of items) {
      if (submenu === undefined) expect(ids).toContain(command);
      else expect(submenus.map(({ id }) => id)).toContain(submenu);
      for (const [, view = ''] of when.matchAll(/\bview == (\S+)/g)) expect(ids).toContain(view);
    }
  });

  it('on keys and the walkthrough: their commands exist', () => {
    const events = walkthroughs.flatMap(({ steps }) => steps.flatMap(({ completionEvents }) => completionEvents));
    const named = [
      ...keybindings.map(({ command }) => command),
      ...events.map((event) => event.replace('onCommand:', '')),
    ];
    expect(named.length).toBeGreaterThan(3);
    for (const command of named) expect(Object.keys(commandIds)).toContain(command);
    for (const { id } of submenus) expect(menus[id]?.length).toBeGreaterThan(0);
  });

  it('on context keys', () => {
    const others = new Set<string>([...Object.values(viewIds), ...pageTypes]);
    const used = clauses.flatMap((clause) => clause.match(/\bmlops\.\w+/g) ?? []).filter((key) => !others.has(key));
    expect(sorted(used)).toEqual(sorted(contextKeys));
  });

  it('on what items of the trees are called in menus', async () => {
    const sources = (await listSources(root, ['src/core/trees'])).map((source) => source.text).join('\n');
    const named = clauses.flatMap((clause) => [...clause.matchAll(/viewItem == '?([\w ]+?)'?(?=$| &&| \|\|)/g)]);
    expect(named.length).toBeGreaterThan(5);
    for (const [, context = ''] of named) {
      const [first = '', ...states] = context.split(' ');
      expect(sources, context).toMatch(new RegExp(`['\`]${first}\\b`));
      for (const state of states) expect(sources.toLowerCase(), context).toContain(state);
    }
  });

  it('on the task type and what wakes the extension', () => {
    expect(taskDefinitions.map(({ type }) => type)).toEqual([taskType]);
    expect(Object.keys(taskDefinitions[0]?.properties ?? {})).toEqual(['stage', 'command', 'arguments', 'project']);
    for (const type of [runChartViewType, ...pageTypes])
      expect(manifest.activationEvents).toContain(`onWebviewPanel:${type}`);
    expect(manifest.activationEvents.filter((event) => /^\*|onStartup|\*\*/.test(event))).toEqual([]);
  });

  it('on the words of the manifest: each is used, each is there', () => {
    const used = [...text.matchAll(/"%([\w.-]+)%"/g)].map(([, key = '']) => key);
    expect(sorted(used)).toEqual(sorted(Object.keys(words)));
  });

  it('on links of welcome views: they lead to commands of ours or of the editor', () => {
    const links = Object.values(words).flatMap((sentence) => [...sentence.matchAll(/\(command:([\w.]+)\)/g)]);
    expect(links.length).toBeGreaterThan(3);
    for (const [, command = ''] of links)
      expect(['vscode.openFolder', 'workbench.trust.manage', ...Object.keys(commandIds)]).toContain(command);
  });
});
