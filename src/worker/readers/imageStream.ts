import { shuffle } from '../../core/random/random.ts';
import { channelsOf, SCALE, type ImageList, type ImageOptions, type Images } from './images.ts';

/** Images that are read at a time. */
const PIECE = 64;

/** Images in folders as a stream: a `mlops.Stream`, with the classes. */
export interface ImageStream {
  readonly count: number;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly width: number;
  readonly scale: number;
  readonly classes: readonly string[];
  batches(pass: { readonly epoch: number; readonly random: () => number }): AsyncGenerator<Images>;
}

/** `read` reads some of the listed images. Trained on, they come in an order shuffled anew for each epoch; else as they are listed. */
export function toImageStream(
  list: ImageList,
  options: ImageOptions,
  read: (part: ImageList) => Promise<Images>,
): ImageStream {
  const { classes, files, first } = list;
  return {
    count: files.length,
    shape: [first?.height ?? 0, first?.width ?? 0, channelsOf(options)],
    width: options.oneHot === true ? classes.length : 1,
    scale: SCALE,
    classes,
    async *batches({ epoch, random }) {
      const order = Uint32Array.from(files.keys());
      if (epoch > 0) shuffle(order, random);
      for (let at = 0; at < order.length; at += PIECE) {
        const part = Array.from(order.subarray(at, at + PIECE), (index) => files[index] ?? []).flat();
        yield await read({ classes, files: part, first });
      }
    },
  };
}
