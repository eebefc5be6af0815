import { spawn } from 'node:child_process';
import path from 'node:path';
import { dist } from './places.ts';

export interface Answer<Document> {
  readonly code: number;
  readonly document: Document;
}

/** Runs the built command line with --json: its document, and what it says to people goes on to the terminal. */
export function askMlops<Document>(args: readonly string[], cwd: string, env = process.env): Promise<Answer<Document>> {
  return new Promise((resolve, reject) => {
    const cli = path.join(dist, 'cli.js');
    const child = spawn(process.execPath, [cli, ...args, '--json'], {
      cwd,
      env,
      stdio: ['inherit', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      try {
        resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 1), document: JSON.parse(text) as Document });
      } catch {
        reject(
          new Error(
            `mlops ${args.join(' ')} ended with ${signal ?? `exit code ${code}`} and no document: ${text.slice(0, 500)}`,
          ),
        );
      }
    });
  });
}
