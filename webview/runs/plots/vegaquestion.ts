/** Colours and font that a template is drawn with, where it says nothing else. */
export interface VegaLook {
  readonly foreground: string;
  readonly dim: string;
  readonly grid: string;
  readonly fontFamily: string;
  readonly palette: readonly string[];
  /** From little to much. */
  readonly ramp: readonly string[];
}

/** One at a time. */
export interface VegaQuestion {
  /** A template with its data. */
  readonly filled: unknown;
  readonly look: VegaLook;
  /** Control → what was chosen. */
  readonly values: Readonly<Record<string, unknown>>;
}

interface Named {
  /** Of its signal. */
  readonly name: string;
  readonly label: string;
  readonly value: unknown;
}

/** What a template lets people choose. */
export type VegaControl =
  | (Named & { readonly kind: 'range'; readonly min: number; readonly max: number; readonly step: number })
  | (Named & { readonly kind: 'checkbox' })
  | (Named & {
      readonly kind: 'select';
      readonly choices: readonly { readonly value: unknown; readonly label: string }[];
    });

export interface VegaPicture {
  readonly svg: string;
  /** What it wanted to load. */
  readonly refused: readonly string[];
  readonly controls: readonly VegaControl[];
  /** False where a template has selections or timers, which a picture has not. */
  readonly isStill: boolean;
}

export type VegaAnswer = VegaPicture | { readonly problem: string };
