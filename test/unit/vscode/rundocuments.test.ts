import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FileSystemProvider, Uri } from 'vscode';
import { forget, told } from './editor.ts';
import { createEngine } from './engine.ts';

vi.mock('vscode', () => import('./editor.ts'));
const { registerRunDocuments, toDocumentUri } = await import('../../../src/vscode/rundocuments.ts');

const bytes = Uint8Array.of(1, 2, 3);
const engine = createEngine({ readArtifact: () => bytes, readCommitFile: () => bytes });
let provider: FileSystemProvider;

beforeEach(() => {
  forget();
  engine.asked.length = 0;
  registerRunDocuments(engine.thread);
  provider = told.fileSystems[0]?.provider as FileSystemProvider;
});

describe('documents that stand nowhere in the workspace', () => {
  it.each([
    [
      toDocumentUri({ kind: 'artifact', root: '/p', runId: 'r', path: 'a #1?.txt' }),
      { name: 'readArtifact', payload: { project: '/p', runId: 'r', path: 'a #1?.txt' } },
    ],
    [
      toDocumentUri({ kind: 'commit', root: '/p', commit: 'c', path: 'configs/m.yaml' }),
      { name: 'readCommitFile', payload: { project: '/p', commit: 'c', file: 'configs/m.yaml' } },
    ],
  ])('%s', async (uri, asked) => {
    expect(await provider.readFile(uri)).toEqual(bytes);
    expect(engine.asked).toEqual([asked]);
    expect(await provider.stat(uri)).toMatchObject({ size: 3, permissions: 1 });
  });

  it('a side without such a file is empty, and nobody is asked', async () => {
    expect(await provider.readFile(toDocumentUri({ kind: 'nothing', path: 'x.txt' }))).toHaveLength(0);
    expect(engine.asked).toEqual([]);
  });

  it.each([
    ['artifact', '{"root":"/p"}'],
    ['artifact', '{"runId":"r"}'],
    ['commit', 'null'],
    ['commit', '{'],
    ['other', '{"root":"/p","runId":"r"}'],
  ])('%s %s is none', async (authority, query) => {
    const uri = { scheme: 'mlops-run', authority, path: '/x', query } as unknown as Uri;
    await expect(provider.readFile(uri)).rejects.toThrow('FileNotFound');
    expect(() => provider.writeFile(uri, bytes, { create: true, overwrite: true })).toThrow('NoPermissions');
  });
});
