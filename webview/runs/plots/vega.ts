/*! @license
 * vega, vega-*, and vega-lite (Copyright (c) 2015, University of Washington Interactive Data Lab), BSD-3-Clause:
 *
 * Copyright (c) 2015-2023, University of Washington Interactive Data Lab
 * All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 *
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the documentation
 *    and/or other materials provided with the distribution.
 *
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *   may be used to endorse or promote products derived from this software
 *   without specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
 * AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
 * IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 *
 * d3-*, internmap, topojson-client, and delaunator (Copyright (c) 2026, Mapbox), ISC. d3-scale-chromatic includes
 * color specifications and designs developed by Cynthia Brewer (https://colorbrewer.org/), Apache-2.0:
 *
 * Copyright 2010-2026 Mike Bostock
 *
 * Permission to use, copy, modify, and/or distribute this software for any purpose
 * with or without fee is hereby granted, provided that the above copyright notice
 * and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
 * REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
 * FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
 * INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
 * OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
 * TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
 * THIS SOFTWARE.
 */
import { withAlpha, type Theme } from '../../shared/theme.ts';
import type { VegaAnswer, VegaLook, VegaPicture } from './vegaquestion.ts';
import source from './vegaworker.ts?bundle';

// The page's half of Vega, with the text of its worker, in a file of its own that is loaded when a template needs it.

/** A template was stopped, since it had not come to an end. */
class VegaTooSlow extends Error {
  readonly seconds: number;

  constructor(seconds: number) {
    super(`It was not drawn within ${seconds} s.`);
    this.seconds = seconds;
  }
}

interface Asked {
  readonly filled: unknown;
  readonly values: Readonly<Record<string, unknown>>;
  /** How long it may take. */
  readonly seconds: number;
}

let worker: Promise<Worker> | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Draws a filled template, one after the other. Rejects with the reason where it can't be drawn; with `seconds` where it took too long. */
export function renderVega(asked: Asked, theme: Theme): Promise<VegaPicture> {
  const next = last.then(() => ask(asked, theme));
  // Whoever asked is told.
  last = next.catch(() => undefined);
  return next;
}

async function ask({ filled, values, seconds }: Asked, theme: Theme): Promise<VegaPicture> {
  const own = await (worker ??= startWorker());
  const answer = await new Promise<VegaAnswer>((resolve, reject) => {
    const end = (error: Error): void => {
      clearTimeout(timer);
      own.terminate();
      worker = undefined;
      reject(error);
    };
    const timer = setTimeout(() => end(new VegaTooSlow(seconds)), 1000 * seconds);
    own.onmessage = ({ data }: MessageEvent<VegaAnswer>) => {
      clearTimeout(timer);
      resolve(data);
    };
    own.onerror = (event) => {
      event.preventDefault();
      end(new Error(event.message));
    };
    own.postMessage({ filled, values, look: lookOf(theme) });
  });
  if ('problem' in answer) throw new Error(answer.problem);
  return answer;
}

/** Resolves when it has read its text: that is not the fault of what it draws. */
function startWorker(): Promise<Worker> {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const started = new Worker(url, { name: 'templates' });
  return new Promise((resolve, reject) => {
    started.onmessage = () => {
      URL.revokeObjectURL(url);
      resolve(started);
    };
    started.onerror = ({ message }) => {
      worker = undefined;
      reject(new Error(message));
    };
  });
}

function lookOf({ foreground, dim, grid, fontFamily, series }: Theme): VegaLook {
  const palette = Array.from({ length: 6 }, (_, index) => series(index));
  return { foreground, dim, grid, fontFamily, palette, ramp: [withAlpha(series(0), 0.1), series(0)] };
}
