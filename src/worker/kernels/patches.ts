import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { util, type backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { floatsOf } from './kernel.ts';

/** Aim for the size of a matrix of patches: 4 MiB of floats, so that it stays near the processor's cache. */
const PATCH_FLOATS = 1 << 20;

/** How many images' patches (one per output pixel, filterHeight × filterWidth × channels each) make one matrix; at least one. */
export function imagesAtOnce(info: backend_util.Conv2DInfo): number {
  const perImage = info.outHeight * info.outWidth * info.filterHeight * info.filterWidth * info.inChannels;
  return Math.max(1, Math.min(info.batchSize, Math.floor(PATCH_FLOATS / Math.max(1, perImage))));
}

/** Images `first` up to `first + count` of `images`: the tensor itself where that is all of them, a copy otherwise. */
export function selectImages(backend: BackendWasm, images: TensorInfo, first: number, count: number): TensorInfo {
  const [total, ...shape] = images.shape;
  if (count === total) return images;
  const size = util.sizeFromShape(shape);
  const part = backend.makeOutput([count, ...shape], 'float32');
  floatsOf(backend, part).set(floatsOf(backend, images).subarray(first * size, (first + count) * size));
  return part;
}
