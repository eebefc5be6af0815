// The few parts of Node.js that this project uses, so that the editor and "tsc" know them with nothing installed. For all of
// Node.js: npm install --save-dev @types/node, set "types": ["node"] in tsconfig.json, and delete this file.

declare module 'node:fs' {
  export function appendFileSync(file: string, data: string | Uint8Array): void;
  export function copyFileSync(from: string, to: string): void;
  export function cpSync(from: string, to: string, options?: { recursive?: boolean }): void;
  export function existsSync(path: string): boolean;
  export function mkdirSync(folder: string, options?: { recursive?: boolean }): void;
  export function readdirSync(folder: string): string[];
  export function readFileSync(file: string): Uint8Array<ArrayBuffer>;
  export function readFileSync(file: string, encoding: 'utf8'): string;
  export function rmSync(path: string, options?: { recursive?: boolean; force?: boolean }): void;
  export function statSync(path: string): { size: number };
  export function writeFileSync(file: string, data: string | Uint8Array): void;
}

declare module 'node:path' {
  export function basename(path: string): string;
  export function dirname(path: string): string;
  export function join(...parts: string[]): string;
}

declare module 'node:zlib' {
  export function gunzipSync(data: Uint8Array): Uint8Array<ArrayBuffer>;
  export function gzipSync(data: Uint8Array): Uint8Array<ArrayBuffer>;
}

declare module 'node:crypto' {
  interface Hash {
    update(data: string | Uint8Array): Hash;
    digest(encoding: 'hex'): string;
  }
  export function createHash(algorithm: 'sha256'): Hash;
}

declare module 'node:util' {
  interface OptionType {
    type: 'string' | 'boolean';
  }
  export function parseArgs<T extends Record<string, OptionType>>(config: {
    options: T;
  }): { values: { [Name in keyof T]?: T[Name]['type'] extends 'string' ? string : boolean } };
}

declare var process: {
  readonly env: Record<string, string | undefined>;
  exit(code: number): never;
};

declare var Buffer: {
  from(data: Uint8Array): { toString(encoding: 'latin1'): string };
};
