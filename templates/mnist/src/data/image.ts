// From a photographed or scanned digit to what the models know: 28 × 28 pixels, white ink on black, drawn into the middle as
// the makers of MNIST did it: the digit's box scaled to 20 × 20 pixels, then moved until its centre of mass is the centre.

const SIDE = 28;
const BOX = 20;
/** What is darker than this share of the darkest ink belongs to the digit; it says where the digit is. */
const SURE = 0.3;
/** Ink fainter than this share is taken for paper, shadow or dust, also within the digit. */
const FAINTEST = 0.1;

interface Picture {
  pixels: ArrayLike<number>;
  width: number;
  height: number;
}

/** The digit when it is small. */
interface Drawing extends Picture {
  pixels: Float32Array;
}

/** Takes grey pixels (0 black, 255 white) row by row, dark on light or light on dark; gives 784 values from 0 to 255. */
export function prepareDigit(pixels: Uint8Array, width: number, height: number): Float32Array {
  const ink = invert(pixels, width, height);
  const digit = crop({ pixels: ink, width, height });
  if (digit === undefined) return new Float32Array(SIDE * SIDE);
  const scale = BOX / Math.max(digit.width, digit.height);
  const small = resize(
    digit,
    Math.max(1, Math.round(digit.width * scale)),
    Math.max(1, Math.round(digit.height * scale)),
  );
  return centre(stretch(small));
}

/**
 * How far each pixel is from the paper, in the direction of the ink. The paper is what most of the border shows. (Plain loops
 * here and in crop: a photograph has millions of pixels.)
 */
function invert(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const border: number[] = [];
  for (let x = 0; x < width; x += 1) border.push(pixels[x], pixels[(height - 1) * width + x]);
  for (let y = 0; y < height; y += 1) border.push(pixels[y * width], pixels[y * width + width - 1]);
  const paper = border.sort((a, b) => a - b)[border.length >> 1];
  let [darkest, lightest] = [255, 0];
  for (let i = 0; i < pixels.length; i += 1) {
    darkest = Math.min(darkest, pixels[i]);
    lightest = Math.max(lightest, pixels[i]);
  }
  const isDark = paper - darkest >= lightest - paper;
  const ink = new Uint8Array(pixels.length);
  for (let i = 0; i < ink.length; i += 1) ink[i] = Math.max(0, isDark ? paper - pixels[i] : pixels[i] - paper);
  return ink;
}

/** The smallest box that holds the digit, faint traces in it wiped; undefined for an empty page. */
function crop({ pixels, width, height }: Picture): Picture | undefined {
  const most = darkestOf(pixels);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      if (pixels[y * width + x] <= SURE * most) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  if (right < 0) return undefined;
  const box = { width: right - left + 1, height: bottom - top + 1 };
  const cut = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y += 1)
    for (let x = 0; x < box.width; x += 1) {
      const value = pixels[(top + y) * width + left + x];
      cut[y * box.width + x] = value > FAINTEST * most ? value : 0;
    }
  return { pixels: cut, ...box };
}

/** The strongest ink. */
function darkestOf(pixels: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < pixels.length; i += 1) most = Math.max(most, pixels[i]);
  return most;
}

/** Each new pixel is the mean of the old ones under it, those at its edges counted by the share that it covers. */
function resize(picture: Picture, width: number, height: number): Drawing {
  const rows = average(picture.pixels, picture.width, picture.height, width);
  return { pixels: transpose(average(transpose(rows, width), picture.height, width, height), height), width, height };
}

/** Rows of `from` values become rows of `to` values. */
function average(values: ArrayLike<number>, from: number, rows: number, to: number): Float32Array {
  const result = new Float32Array(to * rows);
  const step = from / to;
  for (let row = 0; row < rows; row += 1)
    for (let x = 0; x < to; x += 1) {
      const [start, end] = [x * step, Math.min((x + 1) * step, from)];
      let sum = 0;
      for (let i = Math.floor(start); i < end; i += 1)
        sum += values[row * from + i] * (Math.min(end, i + 1) - Math.max(start, i));
      result[row * to + x] = sum / step;
    }
  return result;
}

function transpose(values: Float32Array, width: number): Float32Array {
  const height = values.length / width;
  return values.map((_, i) => values[(i % height) * width + Math.floor(i / height)]);
}

/** The darkest ink becomes 255, as in the data set. */
function stretch({ pixels, width, height }: Drawing): Drawing {
  const most = darkestOf(pixels);
  return { pixels: pixels.map((value) => (value * 255) / most), width, height };
}

/** Puts the digit on an empty field of 28 × 28 with its centre of mass at column 14, row 14, as far as it fits. */
function centre({ pixels, width, height }: Drawing): Float32Array {
  let [mass, sumX, sumY] = [0, 0, 0];
  pixels.forEach((value, i) => {
    mass += value;
    sumX += value * (i % width);
    sumY += value * Math.floor(i / width);
  });
  const place = (middle: number, size: number) => Math.min(Math.max(Math.round(SIDE / 2 - middle), 0), SIDE - size);
  const [left, top] = [place(sumX / mass, width), place(sumY / mass, height)];
  const field = new Float32Array(SIDE * SIDE);
  pixels.forEach((value, i) => {
    field[(top + Math.floor(i / width)) * SIDE + left + (i % width)] = value;
  });
  return field;
}
