// Pixels of four channels in one number, red in the lowest byte, alpha in the highest; channels are multiplied by alpha while they are mixed.

/** A channel as it is mixed. */
export const weighed = (channel: number, alpha: number): number => Math.round((channel * alpha) / 255);
/** Of 256. */
export const shareOfPixel = (part: number): number => (256 * part + 0.5) | 0;

/** All four channels at once, times `share` of 256. */
export function shareOfColour(redBlue: number, alphaGreen: number, share: number): number {
  return ((Math.imul(redBlue, share) >>> 8) & 0x00ff00ff) | (Math.imul(alphaGreen, share) & 0xff00ff00);
}

/** Channels that are not multiplied by alpha. */
export function toStraight(pixel: number): number {
  const alpha = pixel >>> 24;
  const part = straights[alpha] ?? 1;
  const red = toChannel((pixel & 0xff) * part);
  const green = toChannel(((pixel >>> 8) & 0xff) * part);
  const blue = toChannel(((pixel >>> 16) & 0xff) * part);
  return red | (green << 8) | (blue << 16) | (alpha << 24);
}

/** Of each alpha what a channel is to be multiplied by; a division for each of a million pixels takes its time. */
const straights = Float64Array.from({ length: 256 }, (_, alpha) => 255 / alpha);
const toChannel = (value: number): number => (value > 255 ? 255 : (value + 0.5) | 0);
