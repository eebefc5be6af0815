import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { DvcDriver } from '../interop/dvc-driver.ts';

const execute = promisify(execFile);
const cli = path.join(import.meta.dirname, '../../dist/cli.js');

/** Folder of Git repositories with DVC projects, fetched by hand: bare ones, clones, or links to either. */
const folder = process.env['MLOPS_PUBLIC_PROJECTS'] ?? '';
const repositories = folder === '' ? [] : (await readdir(folder)).sort();

const base = await mkdtemp(path.join(os.tmpdir(), 'mlops-public-'));
const dvc = new DvcDriver(path.join(base, 'site'));
afterAll(async () => {
  await dvc.end();
  await rm(base, { recursive: true, force: true, maxRetries: 5 });
});

/** What people do to a project between two looks at its status. */
const edits: Readonly<Record<string, (root: string, files: readonly string[]) => Promise<void>>> = {
  'as it was published': () => Promise.resolve(),
  'its code edited': (root, files) => append(root, files, /\.(?:py|sh|R|ipynb|ts|js)$/, '\n'),
  'its params edited': async (root, files) => {
    for (const file of select(files, /(?:^|\/)[^/.]*(?:params|config)[^/]*\.ya?ml$/)) {
      const text = await readFile(path.join(root, file), 'utf8');
      await writeFile(path.join(root, file), text.replaceAll(/: (\d)(\d*)\s*$/gm, ': $1$2$1'));
    }
  },
  'its data made up': async (root) => {
    // Data stays in a remote that nobody can reach: what is absent is made, so that contents differ too.
    const { value } = await dvc.try('status', root);
    for (const file of listDeleted(value ?? {}).slice(0, 5)) {
      await execute('mkdir', ['-p', path.dirname(path.join(root, file))]);
      await writeFile(path.join(root, file), `made up for ${file}\n`);
    }
  },
  'its locks lost': async (root, files) => {
    for (const file of select(files, /(?:^|\/)dvc\.lock$/)) await rm(path.join(root, file));
  },
};

function select(files: readonly string[], pattern: RegExp): readonly string[] {
  return files.filter((file) => pattern.test(file));
}

async function append(root: string, files: readonly string[], pattern: RegExp, text: string): Promise<void> {
  for (const file of select(files, pattern)) await appendFile(path.join(root, file), text);
}

/** Paths that a status calls deleted, in DVC's shape of it. */
function listDeleted(status: unknown): readonly string[] {
  const entries = Object.values(status as Record<string, readonly unknown[]>).flat();
  const changes = entries.flatMap((entry) =>
    typeof entry === 'object' && entry !== null ? (Object.values(entry) as unknown[]) : [],
  );
  const paths = changes.flatMap((change) => Object.entries(change as Record<string, unknown>));
  const deleted = [...new Set(paths.filter(([, state]) => state === 'deleted').map(([name]) => name))];
  return deleted.filter((name) => !deleted.some((other) => other.startsWith(`${name}/`)));
}

/** DVC asks the source of an import whether it has changed. */
const needsNetwork = /^(?:CloneError|SCMError|.*Failed to clone)/;

function withoutDataFiles(answer: { readonly value: unknown } | { readonly error: string }): unknown {
  if ('error' in answer) return answer;
  return {
    value: Object.fromEntries(Object.entries(answer.value as object).filter(([name]) => !name.endsWith('.dvc'))),
  };
}

/** Equal answers, or refusals by both. */
async function compare(root: string): Promise<unknown> {
  const whole = await dvc.try('status', root);
  const isAlone = needsNetwork.test(whole.error ?? '');
  const theirs = isAlone ? await dvc.try('stage_status', root) : whole;
  const ours = await execute(process.execPath, [cli, 'status', '--format', 'dvc'], { cwd: root }).then(
    ({ stdout }) => ({ value: JSON.parse(stdout) as unknown }),
    (error: unknown) => ({ error: (error as { stderr: string }).stderr }),
  );
  if (theirs.error !== undefined) expect(ours, theirs.error).toHaveProperty('error');
  else expect(isAlone ? withoutDataFiles(ours) : ours).toEqual({ value: theirs.value });
  return theirs.value;
}

async function listFiles(root: string): Promise<readonly string[]> {
  const { stdout } = await execute('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 1 << 28 });
  return stdout.split('\0').filter((file) => file !== '');
}

describe.skipIf(folder === '')('public projects: our status is that of DVC', () => {
  for (const repository of repositories) {
    it(repository, { timeout: 600_000 }, async () => {
      const clone = path.join(base, repository);
      await execute('git', ['clone', '-q', path.join(folder, repository), clone], { maxBuffer: 1 << 28 });
      const files = await listFiles(clone);
      const roots = select(files, /(?:^|\/)\.dvc\/config$/).map((file) => path.dirname(path.dirname(file)));
      expect(roots).not.toEqual([]);
      for (const root of roots.map((name) => path.join(clone, name))) {
        for (const [edit, perform] of Object.entries(edits)) {
          await execute('git', ['checkout', '-q', '--', '.'], { cwd: root });
          await perform(root, await listFiles(root));
          await compare(root).catch((error: unknown) => {
            throw new Error(`${path.relative(clone, root)} with ${edit}`, { cause: error });
          });
        }
      }
      await rm(clone, { recursive: true, force: true, maxRetries: 5 });
    });
  }
});
