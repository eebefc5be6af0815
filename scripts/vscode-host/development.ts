import type { Page } from 'playwright-core';

export interface Development {
  /** Folders of extensions that are loaded from where they are developed. */
  readonly extensions: readonly string[];
  /** A module with `run()` that the extension host executes. */
  readonly tests?: string;
}

/**
 * Hands extensions under development and a test runner to the workbench. A built VS Code ignores them in the URL, so they
 * are added to the configuration that the served page carries in a `<meta>` element. (Answering the page's request with a
 * changed document instead would make Chromium refuse its WebSockets.)
 */
export async function addDevelopment(page: Page, authority: string, { extensions, tests }: Development): Promise<void> {
  const uri = (path: string): object => ({ scheme: 'vscode-remote', authority, path });
  const added = {
    ...(extensions.length > 0 ? { extensions: extensions.map(uri) } : {}),
    ...(tests === undefined ? {} : { extensionTestsPath: uri(tests) }),
  };
  // Text, because it runs in the page: a compiled function would bring helpers along that the page does not have.
  await page.addInitScript(`
    if (window.top === window) {
      const getAttribute = Element.prototype.getAttribute;
      Element.prototype.getAttribute = function (name) {
        const value = getAttribute.call(this, name);
        if (name !== 'data-settings' || this.id !== 'vscode-workbench-web-configuration' || !value) return value;
        const configuration = JSON.parse(value);
        configuration.developmentOptions = { ...configuration.developmentOptions, ...${JSON.stringify(added)} };
        return JSON.stringify(configuration);
      };
    }`);
}

export type Opened = { readonly folder: string } | { readonly workspace: string } | { readonly empty: true };

/** The address of the workbench with a folder, a workspace file or nothing opened in it. */
export function workbenchUrl(
  origin: string,
  opened: Opened,
  payload: readonly (readonly [string, string])[] = [],
): string {
  const what =
    'folder' in opened
      ? `folder=${encodeURIComponent(opened.folder)}`
      : 'workspace' in opened
        ? `workspace=${encodeURIComponent(opened.workspace)}`
        : 'ew=true';
  return `${origin}/?${what}&payload=${encodeURIComponent(JSON.stringify([['skipWelcome', 'true'], ...payload]))}`;
}
