import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuildOptions } from 'esbuild';
import ts from 'typescript';

// What `mlops-workflow/compiled` is made of, for the build and for the test that uses it as an installed package.

/** TensorFlow.js stays outside: it must be the copy that the model was made with. */
export const compiledBundle = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  define: { 'import.meta.dirname': '__dirname' },
  external: ['@tensorflow/*'],
  entryPoints: { compiled: 'src/compiled.ts' },
} as const satisfies BuildOptions;

/** The types of it: those of its interface, in one file, and the function. */
export async function writeCompiledTypes(): Promise<string> {
  const file = path.join(path.dirname(import.meta.dirname), 'src/worker/compiled/api.ts');
  const options = { fileName: file, reportDiagnostics: true, compilerOptions: { isolatedDeclarations: true } };
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(await readFile(file, 'utf8'), options);
  const [mistake] = diagnostics;
  if (mistake !== undefined) throw new Error(ts.flattenDiagnosticMessageText(mistake.messageText, '\n'));
  return `${outputText}export declare const compileStep: CompileStep;\n`;
}
