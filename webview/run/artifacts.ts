import type { RunTexts } from '../../src/protocol/charts.ts';
import type { RunPageAnswer } from '../../src/protocol/runpage.ts';
import { escapeControls } from '../../src/protocol/text.ts';
import type { ArtifactEntry } from '../../src/protocol/tracking.ts';
import { formatBytes } from '../shared/bytes.ts';
import { element } from '../shared/dom.ts';
import { createViewer } from './viewer.ts';

export interface ArtifactsOptions {
  readonly texts: RunTexts;
  readonly onList: (folder: string) => void;
  readonly onRead: (path: string) => void;
  readonly onOpen: (path: string) => void;
}

export interface Artifacts {
  readonly root: HTMLElement;
  /** Another run, or this one anew: nothing is known of its artifacts. */
  reset(): void;
  receive(answer: Extract<RunPageAnswer, { readonly type: 'artifacts' | 'artifact' }>): void;
}

/** More entries of one folder than a list can be used for. */
const MOST_ENTRIES = 1000;

/** The artifacts of a run: a tree at the left, what is chosen in it at the right. Nothing but pictures is rendered. */
export function createArtifacts({ texts, onList, onRead, onOpen }: ArtifactsOptions): Artifacts {
  const folders = new Map<string, readonly ArtifactEntry[]>();
  const expanded = new Set<string>(['']);
  let [chosen, trouble]: [string, string | null] = ['', null];
  const tree = element('div', { 'role': 'tree', 'aria-label': texts.artifacts });
  const viewer = createViewer(texts, () => onOpen(chosen));
  const root = element(
    'div',
    { 'class': 'artifacts-tab', 'role': 'tabpanel', 'aria-label': texts.artifacts },
    tree,
    viewer.root,
  );
  const chooseEntry = ({ path, isFolder, bytes }: ArtifactEntry): void => {
    chosen = path;
    if (isFolder) toggle(path, !expanded.has(path));
    else {
      viewer.wait(path, bytes);
      onRead(path);
    }
    draw();
  };
  const toggle = (path: string, isOpen: boolean): void => {
    if (isOpen) expanded.add(path);
    else expanded.delete(path);
    if (isOpen && !folders.has(path)) onList(path);
  };
  const draw = (): void => {
    const focused = document.activeElement?.parentElement === tree;
    const rows = listRows(folders, expanded);
    const tabStop = rows.some(({ entry }) => entry.path === chosen) ? chosen : rows[0]?.entry.path;
    tree.replaceChildren(...rows.map((row) => drawRow(row, { expanded, chosen, tabStop, choose: chooseEntry })));
    if (rows.length === 0) tree.replaceChildren(element('p', { class: 'dim' }, tellNothing()));
    if (focused) tree.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  };
  const tellNothing = (): string => trouble ?? (folders.has('') ? texts.noArtifacts : texts.readingArtifacts);
  tree.addEventListener('keydown', (event) => {
    const rows = listRows(folders, expanded);
    const at = rows.findIndex(({ entry }) => entry.path === (event.target as HTMLElement).dataset['path']);
    const deed = keys.get(event.key);
    if (at === -1 || deed === undefined) return;
    event.preventDefault();
    const next = deed(at, rows, { expanded, toggle, choose: chooseEntry });
    if (next !== null) chosen = next;
    draw();
    tree.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  });
  return {
    root,
    reset() {
      folders.clear();
      expanded.clear();
      expanded.add('');
      [chosen, trouble] = ['', null];
      viewer.clear();
      draw();
      onList('');
    },
    receive(answer) {
      if (answer.type === 'artifact') {
        if (answer.path === chosen) viewer.show(answer.view);
        return;
      }
      folders.set(answer.folder, answer.entries.slice(0, MOST_ENTRIES));
      if (answer.folder === '') ({ trouble } = answer);
      draw();
    },
  };
}

interface Row {
  readonly entry: ArtifactEntry;
  readonly level: number;
}

/** Folders first, then files, each by name, with what is open below. */
function listRows(
  folders: ReadonlyMap<string, readonly ArtifactEntry[]>,
  expanded: ReadonlySet<string>,
  folder = '',
  level = 1,
): readonly Row[] {
  const entries = (folders.get(folder) ?? []).toSorted((a, b) => Number(b.isFolder) - Number(a.isFolder));
  return entries.flatMap((entry) => [
    { entry, level },
    ...(entry.isFolder && expanded.has(entry.path) ? listRows(folders, expanded, entry.path, level + 1) : []),
  ]);
}

interface Deeds {
  readonly expanded: ReadonlySet<string>;
  readonly toggle: (path: string, isOpen: boolean) => void;
  readonly choose: (entry: ArtifactEntry) => void;
}

type Deed = (at: number, rows: readonly Row[], deeds: Deeds) => string | null;

/** What a key does, by its name; gives the path of the next row, null for the same. */
const keys: ReadonlyMap<string, Deed> = new Map<string, Deed>([
  ['ArrowDown', (at, rows) => pathAt(rows, Math.min(at + 1, rows.length - 1))],
  ['ArrowUp', (at, rows) => pathAt(rows, Math.max(at - 1, 0))],
  ['Home', (_, rows) => pathAt(rows, 0)],
  ['End', (_, rows) => pathAt(rows, rows.length - 1)],
  ['ArrowRight', openOrEnter],
  ['ArrowLeft', closeOrLeave],
  ['Enter', choose],
  [' ', choose],
]);

function pathAt(rows: readonly Row[], index: number): string | null {
  return rows[index]?.entry.path ?? null;
}

function openOrEnter(at: number, rows: readonly Row[], { expanded, toggle }: Deeds): string | null {
  const { path, isFolder } = rows[at]?.entry ?? { path: '', isFolder: false };
  if (!isFolder) return null;
  if (expanded.has(path)) return pathAt(rows, at + 1);
  toggle(path, true);
  return null;
}

function closeOrLeave(at: number, rows: readonly Row[], { expanded, toggle }: Deeds): string | null {
  const { entry, level = 1 } = rows[at] ?? {};
  if (entry === undefined) return null;
  if (!entry.isFolder || !expanded.has(entry.path))
    return pathAt(
      rows,
      rows.findLastIndex((row, index) => index < at && row.level < level),
    );
  toggle(entry.path, false);
  return null;
}

function choose(at: number, rows: readonly Row[], deeds: Deeds): null {
  const entry = rows[at]?.entry;
  if (entry !== undefined) deeds.choose(entry);
  return null;
}

function drawRow(
  { entry, level }: Row,
  look: { expanded: ReadonlySet<string>; chosen: string; tabStop: string | undefined; choose: Deeds['choose'] },
): HTMLElement {
  const { path, isFolder, bytes } = entry;
  const row = element(
    'div',
    {
      'role': 'treeitem',
      'aria-level': String(level),
      'aria-selected': String(path === look.chosen),
      'aria-expanded': isFolder ? String(look.expanded.has(path)) : undefined,
      'tabindex': path === look.tabStop ? '0' : '-1',
      'data-path': path,
      'title': path,
    },
    element('span', { class: 'name' }, escapeControls(path.slice(path.lastIndexOf('/') + 1))),
    element('span', { class: 'dim' }, bytes === null ? '' : formatBytes(bytes)),
  );
  row.style.paddingLeft = `${12 + 16 * (level - 1)}px`;
  row.addEventListener('click', () => look.choose(entry));
  return row;
}
