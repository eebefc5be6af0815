import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseMetricLines, type TimedPoint } from '../../core/tracking/tracking.ts';
import type { MetricHistory } from '../../protocol/tracking.ts';
import { isMissing } from '../files/files.ts';

interface Place {
  /** Bytes read. */
  offset: number;
  /** Points told. */
  count: number;
}

/** Reads the metric files of one run as they grow: each byte once. */
export class MetricTail {
  readonly #folder: string;
  readonly #places = new Map<string, Place>();

  /** `runFolder` holds `metrics/`. */
  constructor(runFolder: string) {
    this.#folder = path.join(runFolder, 'metrics');
  }

  /** Tells all points since the last call; `from` is the number of the first one within its metric. */
  async read(tell: (metric: string, from: number, points: MetricHistory) => void): Promise<void> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      await this.#readFile(path.relative(this.#folder, file).split(path.sep).join('/'), file, tell);
    }
  }

  async #readFile(
    metric: string,
    file: string,
    tell: (metric: string, from: number, points: MetricHistory) => void,
  ): Promise<void> {
    const place = this.#places.get(metric) ?? { offset: 0, count: 0 };
    this.#places.set(metric, place);
    const bytes = await readFrom(file, place.offset);
    // Bytes behind the last line end are no data yet.
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end === 0) return;
    const { points } = parseMetricLines(bytes.toString('utf8', 0, end));
    if (points.length > 0) tell(metric, place.count, toColumns(points));
    place.offset += end;
    place.count += points.length;
  }
}

async function readFrom(file: string, offset: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size <= offset) return Buffer.alloc(0);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - offset), 0, size - offset, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** In the order in which they were written, which is that of their steps for everything that trains. */
function toColumns(points: readonly TimedPoint[]): MetricHistory {
  return {
    steps: points.map(({ step }) => step),
    values: points.map(({ value }) => value),
    timestamps: points.map(({ timestamp }) => timestamp),
  };
}
