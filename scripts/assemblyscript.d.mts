interface Result {
  readonly error: Error | null;
  readonly stderr: { toString(): string };
}

interface Files {
  readonly readFile: (name: string) => string | null | Promise<string | null>;
  readonly writeFile: (name: string, contents: Uint8Array | string) => void;
  readonly listFiles: () => null;
}

export function main(options: readonly string[], files: Files): Promise<Result>;
