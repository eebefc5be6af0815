import * as vscode from 'vscode';

/**
 * Opens a page in the browser by its address as it stands. `Uri.toString` would undo the encoding of "#" and "&" in a query, and cut a
 * title at them; VS Code takes a text as well, which its types don't say.
 */
export async function openAddress(address: string): Promise<void> {
  await vscode.env.openExternal(address as unknown as vscode.Uri);
}
