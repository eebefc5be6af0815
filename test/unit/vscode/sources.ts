import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { listFiles } from '../../../src/node/files/files.ts';

/** Text of every TypeScript file in these folders of the repository. */
export async function listSources(
  root: string,
  folders: readonly string[],
): Promise<readonly { readonly file: string; readonly text: string }[]> {
  const lists = await Promise.all(
    folders.map(async (folder) =>
      (await listFiles(path.join(root, folder))).map((name) => path.join(root, folder, name)),
    ),
  );
  const files = lists.flat().filter((file) => file.endsWith('.ts'));
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(file, 'utf8') })));
}
