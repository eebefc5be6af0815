import * as vscode from 'vscode';
import { toAbsolute } from '../core/trees/trees.ts';
import type { Finding } from '../protocol/editing.ts';
import type { Area, EngineClient } from '../protocol/engine.ts';
import { formatProblem } from '../protocol/problem.ts';
import { isChecked, listUnsaved, placeFile, toRange, toUri } from './languages/documents.ts';
import type { Projects } from './projects.ts';

/** How long nobody must have typed before texts are checked. */
const QUIET_MS = 300;
/** After these the same texts may have other problems. A commit may have taken an output out of Git. */
const areas: readonly Area[] = ['configs', 'pipeline', 'branches'];

/** What was found in a project, and of which versions of the texts that were open. */
interface Checked {
  /** By absolute path. */
  readonly byFile: ReadonlyMap<string, readonly Finding[]>;
  readonly versions: ReadonlyMap<string, number>;
}

/**
 * Mistakes in pipeline, params and config files, in the Problems view and under the text, also while it is written. The engine
 * thread looks; here they are only shown.
 */
export class Problems {
  readonly #engine: EngineClient;
  readonly #projects: Pick<Projects, 'list' | 'onDidChange'>;
  readonly #report: (error: unknown) => void;
  // Of the same name as the owner of the problem matcher: what a task has printed of a file gives way to what is read of it.
  readonly #collection = vscode.languages.createDiagnosticCollection('mlops');
  readonly #checked = new Map<string, Checked>();
  readonly #running = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #disposables: readonly { dispose(): unknown }[];

  constructor(
    engine: EngineClient,
    projects: Pick<Projects, 'list' | 'onDidChange'>,
    report: (error: unknown) => void,
  ) {
    this.#engine = engine;
    this.#projects = projects;
    this.#report = report;
    const later = (document: vscode.TextDocument): void => this.#checkLater(document);
    this.#disposables = [
      this.#collection,
      projects.onDidChange(() => this.#checkAll()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#checkAll()),
      engine.onEvent('changed', (event) => {
        if (event.areas.some((area) => areas.includes(area))) this.check(event.project);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => later(document)),
      // Closed without saving, a text is again what the disk says.
      vscode.workspace.onDidCloseTextDocument(later),
    ];
  }

  /** Looks again, once more after that if it is asked meanwhile. */
  check(project: string): void {
    clearTimeout(this.#timers.get(project));
    this.#timers.delete(project);
    if (this.#running.has(project)) {
      this.#waiting.add(project);
      return;
    }
    this.#running.add(project);
    this.#read(project)
      .catch(this.#report)
      .finally(() => {
        this.#running.delete(project);
        if (this.#waiting.delete(project)) this.check(project);
      });
  }

  /** What was found in a file at a place, of the texts as they stand now: an edit of another version would hit other words. */
  findingsAt(document: vscode.TextDocument, range: vscode.Range): readonly Finding[] {
    const placed = placeFile(this.#projects, document.uri);
    const checked = placed === undefined ? undefined : this.#checked.get(placed.project);
    if (placed === undefined || checked === undefined || !this.#isCurrent(checked)) return [];
    const own = checked.byFile.get(toAbsolute(placed.project, placed.file)) ?? [];
    return own.filter((finding) => toRange(finding).intersection(range) !== undefined);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #isCurrent({ versions }: Checked): boolean {
    return vscode.workspace.textDocuments.every(
      ({ uri, version }) => (versions.get(uri.toString()) ?? version) === version,
    );
  }

  #checkAll(): void {
    for (const project of [...this.#checked.keys()]) if (!this.#isOpen(project)) this.#show(project, undefined);
    for (const { root } of this.#projects.list) this.check(root);
  }

  #isOpen(project: string): boolean {
    return this.#projects.list.some(({ root }) => root === project);
  }

  #checkLater(document: vscode.TextDocument): void {
    const project = isChecked(document) ? placeFile(this.#projects, document.uri)?.project : undefined;
    if (project === undefined) return;
    clearTimeout(this.#timers.get(project));
    this.#timers.set(
      project,
      setTimeout(() => this.check(project), QUIET_MS),
    );
  }

  async #read(project: string): Promise<void> {
    const versions = new Map(vscode.workspace.textDocuments.map(({ uri, version }) => [uri.toString(), version]));
    const open = listUnsaved(this.#projects, project);
    const findings = await this.#engine.request('checkFiles', { project, open });
    // It may have been removed while it was being read.
    if (!this.#isOpen(project)) return;
    const checked = { byFile: toFiles(project, findings), versions };
    this.#show(project, checked);
    if (open.length === 0) this.#readStatus(project, findings, checked).catch(this.#report);
  }

  /** Only the status has looked into files that stages read; it takes longer, so what the texts say is shown first. */
  async #readStatus(project: string, findings: readonly Finding[], checked: Checked): Promise<void> {
    const { problems } = await this.#engine.request('readStatus', { project });
    const known = new Set(findings.map(formatProblem));
    const others = problems.filter((problem) => !known.has(formatProblem(problem)));
    if (others.length === 0 || this.#checked.get(project) !== checked) return;
    const more = others.map((problem) => ({
      ...problem,
      endLine: problem.line,
      endColumn: problem.column + 1,
      fixes: [],
    }));
    this.#show(project, { ...checked, byFile: toFiles(project, [...findings, ...more]) });
  }

  #show(project: string, checked: Checked | undefined): void {
    const files = [...(this.#checked.get(project)?.byFile.keys() ?? []), ...(checked?.byFile.keys() ?? [])];
    if (checked === undefined) this.#checked.delete(project);
    else this.#checked.set(project, checked);
    for (const file of new Set(files)) {
      // Projects may share a file that lies in neither.
      const diagnostics = [...this.#checked].flatMap(([root, { byFile }]) =>
        (byFile.get(file) ?? []).map((finding) => toDiagnostic(root, finding)),
      );
      if (diagnostics.length > 0) this.#collection.set(vscode.Uri.file(file), diagnostics);
      else this.#collection.delete(vscode.Uri.file(file));
    }
  }
}

function toFiles(project: string, findings: readonly Finding[]): Checked['byFile'] {
  return Map.groupBy(findings, ({ file }) => toAbsolute(project, file));
}

function toDiagnostic(project: string, finding: Finding): vscode.Diagnostic {
  const severity = finding.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const diagnostic = new vscode.Diagnostic(toRange(finding), finding.message, severity);
  diagnostic.source = 'mlops';
  diagnostic.relatedInformation = (finding.related ?? []).map(({ file, line, column, message }) => {
    const position = new vscode.Position(line - 1, column - 1);
    return new vscode.DiagnosticRelatedInformation(new vscode.Location(toUri(project, file), position), message);
  });
  return diagnostic;
}
