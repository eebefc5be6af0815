import type * as vscode from 'vscode';
import {
  formatCredentials,
  parseCredentials,
  type CredentialsByServer,
  type ServerCredentials,
} from '../protocol/servers.ts';
import type { EngineThread } from './engine/client.ts';

/** In the editor's keychain: one secret for each server, behind this and its address. */
const PREFIX = 'mlops.server:';

interface Parts {
  readonly engine: Pick<EngineThread, 'request' | 'onRestart'>;
  readonly secrets: vscode.SecretStorage;
  readonly report: (error: unknown) => void;
}

/**
 * Who the user is for which tracking server. The editor's keychain keeps it, and nothing else does: the engine is told at its start and with each
 * change, also with those of other windows.
 */
export class SignIns {
  readonly #parts: Parts;
  readonly #disposables: readonly { dispose(): unknown }[];
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#disposables = [
      parts.engine.onRestart(() => void this.#tell()),
      parts.secrets.onDidChange(({ key }) => {
        if (key.startsWith(PREFIX)) void this.#tell();
      }),
    ];
    void this.#tell({ isFirst: true });
  }

  async list(): Promise<readonly string[]> {
    const keys = await this.#parts.secrets.keys();
    return keys
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => key.slice(PREFIX.length))
      .sort();
  }

  /** Resolves when the engine knows it. */
  async keep(server: string, credentials: ServerCredentials): Promise<void> {
    await this.#parts.secrets.store(`${PREFIX}${server}`, JSON.stringify(formatCredentials(credentials)));
    await this.#tell();
  }

  async forget(server: string): Promise<void> {
    await this.#parts.secrets.delete(`${PREFIX}${server}`);
    await this.#tell();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** One after the other, so that what was read last is what the engine knows. A new engine that knows nobody needs not be told of nobody. */
  #tell({ isFirst = false } = {}): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      try {
        const servers = await this.#read();
        if (!isFirst || Object.keys(servers).length > 0)
          await this.#parts.engine.request('useCredentials', { servers });
      } catch (error) {
        // A keychain that is locked, a thread that has died: servers are asked as by anybody.
        this.#parts.report(error);
      }
    });
    return this.#turn;
  }

  async #read(): Promise<CredentialsByServer> {
    const read = async (server: string): Promise<readonly (readonly [string, ServerCredentials])[]> => {
      const credentials = parseKept(await this.#parts.secrets.get(`${PREFIX}${server}`));
      return credentials === undefined ? [] : [[server, credentials]];
    };
    return Object.fromEntries((await Promise.all((await this.list()).map(read))).flat());
  }
}

function parseKept(text: string | undefined): ServerCredentials | undefined {
  try {
    return parseCredentials(JSON.parse(text ?? 'null'));
  } catch {
    // None of ours: whoever signs in again replaces it.
    return undefined;
  }
}
