import { createRandom, mixSeed } from '../core/random/random.ts';
import type { AugmentationSettings } from '../core/config/config.ts';
import { badInput } from '../protocol/errors.ts';
import { describeShape } from './data.ts';

// Pictures changed at random for the training, each in each epoch in its own way. What happens depends on the seed, the epoch and the
// number of the example alone: neither on the batch that it is in nor on what was drawn before, so a resumed training sees the same.

export interface Augmentation {
  readonly settings: AugmentationSettings;
  /** Of one example. */
  readonly shape: readonly number[];
  readonly seed: number;
}

/** Changes the pictures of a batch in their place; `examples`: their numbers. */
export type Augment = (xs: Float32Array, examples: Uint32Array, epoch: number) => void;

export function createAugment({ settings, shape, seed }: Augmentation): Augment {
  const [height, width, channels = 1, ...others] = shape;
  if (height === undefined || width === undefined || others.length > 0)
    throw badInput(
      `training.augmentation changes pictures, so examples must have the shape [height, width] or [height, width, channels]; these have ${describeShape(shape)}.`,
    );
  const size = { height, width, channels };
  const scratch = new Float32Array(height * width * channels);
  const change = (pixels: Float32Array, epoch: number, example: number): void => {
    const random = createRandom(mixSeed(seed, epoch, example));
    const drawn = draw(settings, size, random);
    if (drawn.isMove) {
      scratch.set(pixels);
      sample(scratch, pixels, size, drawn);
    }
    const { factor } = drawn;
    if (factor !== 1) for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] ?? 0) * factor;
    if (settings.noise !== null) addNoise(pixels, settings.noise, random);
  };
  return (xs, examples, epoch) =>
    examples.forEach((example, at) =>
      change(xs.subarray(at * scratch.length, (at + 1) * scratch.length), epoch, example),
    );
}

interface Size {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** What happens to one picture. */
interface Change {
  readonly isMove: boolean;
  /** 1, or −1 for a mirrored axis. */
  readonly mirrorX: number;
  readonly mirrorY: number;
  /** In radians. */
  readonly angle: number;
  readonly zoom: number;
  /** Whole pixels to the right and down. */
  readonly right: number;
  readonly down: number;
  /** Of brightness. */
  readonly factor: number;
}

/** Draws the same numbers whatever is asked for: one setting does not change what another does. */
function draw(settings: AugmentationSettings, { height, width }: Size, random: () => number): Change {
  const { flip, rotation, zoom, shift, brightness } = settings;
  const coin = (): boolean => random() < 0.5;
  const between = (most: number | null): number => (2 * random() - 1) * (most ?? 0);
  const [isMirroredX, isMirroredY] = [coin(), coin()];
  const change = {
    mirrorX: isMirroredX && (flip === 'horizontal' || flip === 'both') ? -1 : 1,
    mirrorY: isMirroredY && (flip === 'vertical' || flip === 'both') ? -1 : 1,
    angle: (between(rotation) * Math.PI) / 180,
    zoom: 1 + between(zoom),
    right: Math.round(between(shift) * width),
    down: Math.round(between(shift) * height),
    factor: 1 + between(brightness),
  };
  const { mirrorX, mirrorY, angle, right, down } = change;
  const isMove = mirrorX < 0 || mirrorY < 0 || angle !== 0 || change.zoom !== 1 || right !== 0 || down !== 0;
  return { ...change, isMove };
}

/** Each new pixel is mixed from the four old ones around the place that it comes from; beyond an edge the edge goes on. */
function sample(from: Float32Array, to: Float32Array, { height, width, channels }: Size, change: Change): void {
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const [cos, sin] = [Math.cos(change.angle) / change.zoom, Math.sin(change.angle) / change.zoom];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = [x - middleX - change.right, y - middleY - change.down];
      const sourceX = clamp(middleX + change.mirrorX * (cos * u + sin * v), width - 1);
      const sourceY = clamp(middleY + change.mirrorY * (cos * v - sin * u), height - 1);
      const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)];
      const [shareX, shareY] = [sourceX - left, sourceY - top];
      const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
      for (let channel = 0; channel < channels; channel++) {
        const at = (row: number, column: number): number => from[(row * width + column) * channels + channel] ?? 0;
        const above = at(top, left) * (1 - shareX) + at(top, right) * shareX;
        const below = at(bottom, left) * (1 - shareX) + at(bottom, right) * shareX;
        to[(y * width + x) * channels + channel] = above * (1 - shareY) + below * shareY;
      }
    }
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}

/** Normally distributed (Box and Muller), two numbers from two draws. */
function addNoise(pixels: Float32Array, deviation: number, random: () => number): void {
  for (let i = 0; i < pixels.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    pixels[i] = (pixels[i] ?? 0) + radius * Math.cos(angle);
    if (i + 1 < pixels.length) pixels[i + 1] = (pixels[i + 1] ?? 0) + radius * Math.sin(angle);
  }
}
