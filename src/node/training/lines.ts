import type { Socket } from 'node:net';

/** Calls back with every whole line that comes. A peer whose lines are longer than `limit` characters is hung up on. */
export function readLines(socket: Socket, limit: number, onLine: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if ([rest, ...lines].some((line) => line.length > limit)) socket.destroy();
    else for (const line of lines) onLine(line);
  });
}
