// `node scripts/operations.ts`: writes src/core/trace/operationTable.ts anew, from the native TensorFlow that `mlops backends install
// tensorflow` has put into the cache. Needs Python, which asks the library.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findInstalled } from '../src/node/tensorflow/tensorflow.ts';
import { root } from './places.ts';
import { findProgram } from './programs.ts';
import { readOperationTable } from './testing/operationlist.ts';

const [installed] = await findInstalled(process.env);
const python = findProgram('python3') ?? findProgram('python');
if (installed === undefined) throw new Error('Native TensorFlow is not installed: mlops backends install tensorflow');
if (python === undefined) throw new Error('There is no Python.');
const table = await readOperationTable(python, installed.folder);
const rows = Object.entries(table).map(([name, attributes]) => `  ${name}: '${attributes}',`);
const text = `// Written by scripts/operations.ts from TensorFlow ${installed.version}: the operations of tfjs-node that keep nothing, with their attributes.
// \`name@0\` is the type of the first operand, \`name@-1\` that of the last.
export const operationTable: Readonly<Record<string, string>> = {
${rows.join('\n')}
};
`;
await writeFile(path.join(root, 'src/core/trace/operationTable.ts'), text);
