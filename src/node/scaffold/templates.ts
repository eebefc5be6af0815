import { lstat, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { compareCodePoints, findNearest } from '../../core/names/names.ts';
import {
  manifestName,
  parseManifest,
  type Manifest,
  type Template,
  type TemplateFile,
  type TemplateLayer,
} from '../../core/scaffold/scaffold.ts';
import { ExpectedError, badInput, unknownName } from '../../protocol/errors.ts';
import { exists, isDirectory, readTextIfExists } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';

const MAX_FILES = 2000;
const MAX_BYTES = 64 << 20;
const MAX_BASES = 4;

interface OfferedTemplate {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
}

/** The templates that come with this installation, by name. */
export async function listTemplates(installation: Installation): Promise<readonly OfferedTemplate[]> {
  const entries = await readdir(installation.templates, { withFileTypes: true });
  const offered = entries
    .filter((entry) => entry.isDirectory())
    .map(async ({ name }) => {
      const { title, summary } = await readManifest(path.join(installation.templates, name));
      return title === undefined ? [] : [{ name, title, summary }];
    });
  return (await Promise.all(offered)).flat().sort((a, b) => compareCodePoints(a.name, b.name));
}

/**
 * Reads a template with all that it stands on. `name` is one of {@link listTemplates}, or the path of a folder (absolute, or
 * with a separator: `./mine`). Links, too many or too large files are refused; nothing of a template is ever executed.
 */
export async function readTemplate(installation: Installation, name: string, cwd = process.cwd()): Promise<Template> {
  const isPath = path.isAbsolute(name) || /[\\/]/.test(name) || name.startsWith('.');
  const folder = isPath ? path.resolve(cwd, name) : await findOffered(installation, name);
  await refuseForeign(folder);
  return { name: path.basename(folder), layers: await readLayers(folder, []) };
}

async function findOffered(installation: Installation, name: string): Promise<string> {
  const offered = (await listTemplates(installation)).map((template) => template.name);
  if (!offered.includes(name)) throw unknownName('template', name, findNearest(name, offered));
  return path.join(installation.templates, name);
}

async function refuseForeign(folder: string): Promise<void> {
  if (!(await isDirectory(folder))) throw new ExpectedError('missing-file', `${folder} is no folder with a template.`);
  if (await exists(path.join(folder, manifestName))) return;
  for (const name of ['cookiecutter.json', 'copier.yml', 'copier.yaml', 'ccds.json'])
    if (await exists(path.join(folder, name)))
      throw new ExpectedError('not-supported', `${folder} is a template of another tool (${name}): not yet supported.`);
  throw new ExpectedError('missing-file', `${folder} is no template: it has no ${manifestName}.`);
}

/** The folder's own layer last, what it stands on before it. `seen`: folders that led here. */
async function readLayers(folder: string, seen: readonly string[]): Promise<readonly TemplateLayer[]> {
  if (seen.includes(folder) || seen.length > MAX_BASES)
    throw badInput(`${folder}: a template stands on itself, or on more than ${MAX_BASES} others.`);
  const manifest = await readManifest(folder);
  const layer = { manifest, files: await readFiles(folder) };
  if (manifest.base === undefined) return [layer];
  const base = path.join(path.dirname(folder), manifest.base);
  return [...(await readLayers(base, [...seen, folder])), layer];
}

async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, manifestName);
  const text = await readTextIfExists(file);
  if (text === undefined)
    throw new ExpectedError('missing-file', `${folder} is no template: it has no ${manifestName}.`);
  const { value, problems } = parseManifest(text, file);
  if (value === undefined) throw badInput('The template has mistakes.', problems);
  return value;
}

async function readFiles(folder: string): Promise<readonly TemplateFile[]> {
  const files: TemplateFile[] = [];
  let bytes = 0;
  const walk = async (inner: string): Promise<void> => {
    const names = (await readdir(path.join(folder, inner))).sort(compareCodePoints);
    for (const name of names) {
      const relative = inner === '' ? name : `${inner}/${name}`;
      const stat = await lstat(path.join(folder, relative));
      if (stat.isDirectory()) {
        await walk(relative);
        continue;
      }
      if (!stat.isFile())
        throw badInput(`${path.join(folder, relative)} is a link or no ordinary file; a template has none.`);
      bytes += stat.size;
      if (files.length >= MAX_FILES || bytes > MAX_BYTES)
        throw badInput(`${folder} has more than ${MAX_FILES} files or ${MAX_BYTES >> 20} MiB; that is no template.`);
      files.push({ path: relative, content: await readFile(path.join(folder, relative)) });
    }
  };
  await walk('');
  return files;
}
