import { open } from 'node:fs/promises';

/** Passes on what is appended to a file, as it comes; `stop` passes on the rest first. */
export function followFile(file: string, print: (text: string) => void, everyMs = 100): { stop(): Promise<void> } {
  let position = 0;
  let last: Promise<void> = Promise.resolve();
  const readOn = async (): Promise<void> => {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size <= position) return;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - position), 0, size - position, position);
      position += bytesRead;
      print(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await handle.close();
    }
  };
  const next = (): Promise<void> => (last = last.then(readOn));
  const timer = setInterval(() => void next(), everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return next();
    },
  };
}
