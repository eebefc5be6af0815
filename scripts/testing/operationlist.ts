import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readFields, type Field } from '../../src/core/tensorboard/wire.ts';
import { packagesIn } from '../../src/node/tensorflow/tensorflow.ts';
import { readProgram } from '../programs.ts';

// What TensorFlow's library tells of its own operations, as far as the graph of a training step needs it.

/** `TF_GetAllOpList` of the C API, which the addon does not have. */
const listing = `
import base64, ctypes, sys
folder = sys.argv[1]
ctypes.CDLL(folder + '/libtensorflow_framework.so.2', mode=ctypes.RTLD_GLOBAL)
library = ctypes.CDLL(folder + '/libtensorflow_cc.so.2')
class Bytes(ctypes.Structure):
    _fields_ = [('data', ctypes.c_void_p), ('length', ctypes.c_size_t)]
library.TF_GetAllOpList.restype = ctypes.POINTER(Bytes)
found = library.TF_GetAllOpList().contents
print(base64.b64encode(ctypes.string_at(found.data, found.length)).decode())
`;

/** DT_STRING, DT_RESOURCE and DT_VARIANT: no numbers. */
const noNumbers = [7, 20, 21];

/** Those that kernels of ours are made of, or that are put in the place of others. */
const furtherOperations = [
  ...['BiasAdd', 'BiasAddGrad'],
  ...['MatMul', 'ReluGrad', 'StatelessRandomNormal', 'StatelessRandomUniform'],
];

/** Operation → its attributes, as core/trace/operationTable.ts has them; of those that tfjs-node uses and that keep nothing. */
export async function readOperationTable(python: string, folder: string): Promise<Readonly<Record<string, string>>> {
  const { tfjs } = packagesIn(folder);
  const written = await readProgram(python, ['-c', listing, path.join(tfjs, 'deps/lib')]);
  const bytes = Buffer.from(written, 'base64');
  const used = await listUsed(tfjs);
  const rows = fieldsOf(bytes, 1).flatMap(({ bytes: operation }) => {
    const name = textOf(operation, 1);
    return used.has(name) && isPlain(operation) ? [[name, describe(operation)] as const] : [];
  });
  return Object.fromEntries(rows.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Every name in the kernels of tfjs-node: more than operations, but all of them. */
async function listUsed(tfjs: string): Promise<ReadonlySet<string>> {
  const kernels = path.join(tfjs, 'dist/kernels');
  const files = (await readdir(kernels)).filter((file) => file.endsWith('.js'));
  const texts = await Promise.all(
    [...files.map((file) => path.join(kernels, file)), path.join(tfjs, 'dist/nodejs_kernel_backend.js')].map((file) =>
      readFile(file, 'utf8'),
    ),
  );
  const names = texts.flatMap((text) => Array.from(text.matchAll(/\b[A-Z]\w*\b/g), ([name]) => name));
  return new Set([...names, ...furtherOperations]);
}

/** Numbers in, numbers out, and nothing kept between: `is_stateful` is field 17, arguments are 2 and 3, attributes 4. */
function isPlain(operation: Uint8Array): boolean {
  const isStateful = fieldsOf(operation, 17).some(({ value }) => value !== 0n);
  const ends = [...fieldsOf(operation, 2), ...fieldsOf(operation, 3)];
  return !isStateful && ends.every(({ bytes }) => !noNumbers.includes(numberOf(bytes, 3)));
}

function describe(operation: Uint8Array): string {
  const inputs = fieldsOf(operation, 2).map(({ bytes }) => ({ type: textOf(bytes, 4), count: textOf(bytes, 5) }));
  const list = inputs.findIndex(({ count }) => count !== '');
  const attributes = fieldsOf(operation, 4).map(({ bytes }) => textOf(bytes, 1));
  const written = attributes.map((name) => {
    const index = inputs.findIndex(({ type }) => type === name);
    if (index === -1) return name;
    // Behind a list, whose length nobody knows, places count from the end.
    return `${name}@${list !== -1 && index > list ? index - inputs.length : index}`;
  });
  return written.sort().join(' ');
}

function fieldsOf(message: Uint8Array, number: number): readonly Field[] {
  return readFields(message).filter((field) => field.number === number);
}

function textOf(message: Uint8Array, number: number): string {
  return Buffer.from(fieldsOf(message, number)[0]?.bytes ?? []).toString('utf8');
}

function numberOf(message: Uint8Array, number: number): number {
  return Number(fieldsOf(message, number)[0]?.value ?? 0n);
}
