import { createHash, randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readProgram } from '../../scripts/programs.ts';

// Projects that the benchmarks of the pipeline measure on, made in a temporary folder.

/** An empty project in Git. */
export async function createProject(root: string): Promise<string> {
  await mkdir(path.join(root, '.dvc'), { recursive: true });
  await writeFile(path.join(root, '.dvc/config'), '');
  await writeFile(path.join(root, '.dvc/.gitignore'), '/config.local\n/tmp\n/cache\n');
  await readProgram('git', ['init', '-q'], { cwd: root });
  return root;
}

/** Small files below `data`, a thousand in a folder. */
export function writeSmallFiles(root: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const folder = path.join(root, 'data', `part-${Math.floor(index / 1000)}`);
    if (index % 1000 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `sample-${index}.txt`), `sample ${index} `.repeat(10));
  }
}

/** One file of random bytes, `megabytes` long. */
export async function writeBigFile(file: string, megabytes: number): Promise<void> {
  const handle = await open(file, 'w');
  const block = Buffer.alloc(1 << 20);
  try {
    for (let index = 0; index < megabytes; index += 1) {
      randomFillSync(block, 0, 4096);
      block.writeUInt32LE(index, 8192);
      await handle.writeFile(block);
    }
  } finally {
    await handle.close();
  }
}

/** A group of `count` stages that have run: their pipeline, lock, inputs, outputs and cache. */
export async function writeManyStages(root: string, count: number): Promise<void> {
  const items = Array.from({ length: count }, (_, index) => index);
  const yaml = [
    ['stages:', 'work:', 'foreach: ${items}', 'do:'],
    [
      'cmd: cp in/${item}.txt out-${item}.txt',
      'deps:',
      '- in/${item}.txt',
      'params:',
      '- lr',
      'outs:',
      '- out-${item}.txt',
    ],
  ];
  const [[top = '', ...group] = [], stage = []] = yaml;
  const [name = '', ...keys] = group;
  const text = [top, `  ${name}`, ...keys.map((line) => `    ${line}`), ...stage.map((line) => `      ${line}`), ''];
  // Not among the params: DVC reads these anew for each stage, and would be measured at nothing else.
  const vars = ['vars:', `- items: [${items.join(', ')}]`];
  await writeFile(path.join(root, 'dvc.yaml'), [...vars, ...text].join('\n'));
  await writeFile(path.join(root, 'params.yaml'), 'lr: 0.1\n');
  await writeFile(path.join(root, '.gitignore'), '/out-*\n');
  mkdirSync(path.join(root, 'in'));
  const entries = items.map((item) => writeOneStage(root, item));
  await writeFile(path.join(root, 'dvc.lock'), `schema: '2.0'\nstages:\n${entries.join('')}`);
}

function writeOneStage(root: string, item: number): string {
  const content = `input ${item}\n`;
  const md5 = createHash('md5').update(content).digest('hex');
  const folder = path.join(root, '.dvc/cache/files/md5', md5.slice(0, 2));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, md5.slice(2)), content, { mode: 0o444 });
  for (const file of [`in/${item}.txt`, `out-${item}.txt`]) writeFileSync(path.join(root, file), content);
  const toEntry = (file: string): string[] => [
    `- path: ${file}`,
    '  hash: md5',
    `  md5: '${md5}'`,
    `  size: ${content.length}`,
  ];
  const lines = [
    `cmd: cp in/${item}.txt out-${item}.txt`,
    ...['deps:', ...toEntry(`in/${item}.txt`)],
    ...['params:', '  params.yaml:', '    lr: 0.1'],
    ...['outs:', ...toEntry(`out-${item}.txt`)],
  ];
  return [`  work@${item}:`, ...lines.map((line) => `    ${line}`), ''].join('\n');
}

/** Three stages in a row. */
export async function writeThreeStages(root: string): Promise<void> {
  await writeFile(path.join(root, 'in.txt'), 'input\n');
  const stage = (name: string, dep: string, out: string): string[] => [
    `  ${name}:`,
    `    cmd: cp ${dep} ${out}`,
    `    deps: [${dep}]`,
    `    outs: [${out}]`,
  ];
  const lines = [
    ...stage('first', 'in.txt', 'a.txt'),
    ...stage('second', 'a.txt', 'b.txt'),
    ...stage('third', 'b.txt', 'c.txt'),
  ];
  await writeFile(path.join(root, 'dvc.yaml'), ['stages:', ...lines, ''].join('\n'));
}
