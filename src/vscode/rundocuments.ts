import * as vscode from 'vscode';
import type { EngineClient } from '../protocol/engine.ts';

// Files that stand nowhere in the workspace, as read-only documents: artifacts of a run, wherever its store keeps them, and files of the
// project as a commit has them. As files of a file system they open in every kind of editor (text, picture, diff).

const SCHEME = 'mlops-run';

/** What a document is; its place in the URI's path is only there for the name and for the language that the editor takes from it. */
type RunDocument =
  | { readonly kind: 'artifact'; readonly root: string; readonly runId: string; readonly path: string }
  | { readonly kind: 'commit'; readonly root: string; readonly commit: string; readonly path: string }
  /** A side of a comparison that has no such file. */
  | { readonly kind: 'nothing'; readonly path: string };

export function toDocumentUri(document: RunDocument): vscode.Uri {
  const { path, ...rest } = document;
  return vscode.Uri.from({ scheme: SCHEME, authority: document.kind, path: `/${path}`, query: JSON.stringify(rest) });
}

export function registerRunDocuments(engine: EngineClient): vscode.Disposable {
  return vscode.workspace.registerFileSystemProvider(SCHEME, new RunDocuments(engine), {
    isCaseSensitive: true,
    isReadonly: true,
  });
}

class RunDocuments implements vscode.FileSystemProvider {
  readonly #engine: EngineClient;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { length: size } = await this.readFile(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const document = parseDocumentUri(uri);
    if (document === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const { kind, path } = document;
    if (kind === 'nothing') return new Uint8Array();
    const { root: project } = document;
    return kind === 'artifact'
      ? this.#engine.request('readArtifact', { project, runId: document.runId, path })
      : this.#engine.request('readCommitFile', { project, commit: document.commit, file: path });
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }
  readDirectory(): [string, vscode.FileType][] {
    return [];
  }
  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
}

/** Anybody may make such a URI: what is no document of ours is none. */
function parseDocumentUri({ authority, path, query }: vscode.Uri): RunDocument | undefined {
  const name = path.slice(1);
  if (authority === 'nothing') return { kind: 'nothing', path: name };
  let parts: unknown;
  try {
    parts = JSON.parse(query);
  } catch {
    // Not written by toDocumentUri.
    return undefined;
  }
  if (typeof parts !== 'object' || parts === null || !('root' in parts) || typeof parts.root !== 'string')
    return undefined;
  const { root } = parts;
  if (authority === 'artifact' && 'runId' in parts && typeof parts.runId === 'string')
    return { kind: 'artifact', root, runId: parts.runId, path: name };
  if (authority === 'commit' && 'commit' in parts && typeof parts.commit === 'string')
    return { kind: 'commit', root, commit: parts.commit, path: name };
  return undefined;
}
