import { createHover } from './hover.ts';
import type { KindHost } from './kind.ts';
import type { Laid, Lit } from './model.ts';
import type { Stage } from './stage.ts';
import { rowsOf, tellRun } from './telling.ts';
import { createWalk } from './walking.ts';

interface Place {
  readonly x: number;
  readonly y: number;
}

/** What a chart says of a run that is pointed at. */
export interface Pointed {
  /** In the small table beside it. */
  readonly shown: readonly Laid[];
  /** To whoever came by keys. */
  readonly spoken: readonly Laid[];
  /** Where the table stands then. */
  readonly place: Place;
}

interface PointingOptions {
  readonly host: KindHost;
  readonly stage: Pick<Stage, 'canvas' | 'size'>;
  /** Undefined before anything is drawn. */
  readonly of: (run: number) => Pointed | undefined;
  /** Draws what is pointed at. */
  readonly paint: () => void;
  readonly order: () => Lit | undefined;
  /** Places by which keys walk the runs, from small to great. */
  readonly sortBy: () => Float64Array | undefined;
}

/** The run that the mouse or the keys point at: it is drawn, told, selected and opened alike in all charts whose marks are runs. */
export function createPointing({ host, stage, of, paint, order, sortBy }: PointingOptions) {
  const hover = createHover();
  let at = -1;
  const walk = createWalk({ host, order, sortBy, point: (run) => point(run, undefined) });
  const { canvas } = stage;
  /** `place`: of the mouse. −1: no run. */
  function point(run: number, place: Place | undefined): void {
    const pointed = of(run);
    if (pointed === undefined || (run === at && run === -1)) return;
    const isOther = run !== at;
    at = run;
    walk.stand(run);
    if (isOther) paint();
    const own = host.model.runs[run];
    if (own === undefined) {
      hover.hide();
      return;
    }
    hover.show(own.name, rowsOf(own, pointed.shown, host.texts), place ?? pointed.place, stage.size);
    if (place === undefined) host.say(tellRun(own, pointed.spoken, host.texts));
  }
  canvas.addEventListener('dblclick', () => {
    const run = host.model.runs[at];
    if (run !== undefined) host.open(run.runId);
  });
  canvas.addEventListener('keydown', (event) => walk.key(event));
  canvas.addEventListener('blur', () => point(-1, undefined));
  return {
    root: hover.root,
    point,
    leave: () => point(-1, undefined),
    hide: () => hover.hide(),
    press: (event: MouseEvent) => walk.press(at, event),
    /** −1: none. */
    get at(): number {
      return Math.min(at, host.model.runs.length - 1);
    },
  };
}
