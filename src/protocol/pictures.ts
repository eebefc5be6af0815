// Pictures that a run has left step by step, and how a page asks for them. These messages bear no number: each answers a question, and a page that was
// loaded anew asks again.

export const picturesVersion = 1;

/** Pictures of one name, each of another step, in ascending order. */
export interface SteppedPictures {
  readonly key: string;
  readonly pictures: readonly { readonly step: number; readonly path: string }[];
}

export interface RunPictures {
  readonly groups: readonly SteppedPictures[];
  /** Why there are none to show; null when nothing stood in the way. */
  readonly trouble: string | null;
  /** There are more than are listed. */
  readonly isCut: boolean;
}

export type PictureQuestion =
  | { readonly type: 'listPictures'; readonly runId: string }
  | { readonly type: 'readPicture'; readonly runId: string; readonly path: string };

interface Answer {
  readonly protocol: number;
  readonly runId: string;
}

export type PictureAnswer =
  | (Answer & { readonly type: 'pictures'; readonly found: RunPictures })
  /** Null for what can't be read, or is no picture. */
  | (Answer & {
      readonly type: 'picture';
      readonly path: string;
      readonly picture: { readonly bytes: Uint8Array; readonly mediaType: string } | null;
    });

/** Words of what shows them. */
export type PictureText =
  | 'picturesTab'
  | 'selectForPictures'
  | 'onlyFirstRuns'
  | 'pictureStep'
  | 'pictureStepOf'
  | 'pictureName'
  | 'noPictureYet'
  | 'readingPictures'
  | 'noPictures'
  | 'brokenPicture'
  | 'picturesCut';
