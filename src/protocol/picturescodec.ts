import { picturesVersion, type PictureAnswer, type PictureQuestion } from './pictures.ts';
import { count, flag, listOf, oneOf, orNull, parserOf, shaped, text, type Check, type Shapes } from './shapes.ts';

// Checks of what pages and the extension tell each other about pictures by step. Pages take the rows over beside those of the rest.

const answer = { protocol: ((value) => value === picturesVersion) satisfies Check, runId: text };

const found = shaped({
  groups: listOf(shaped({ key: text, pictures: listOf(shaped({ step: count, path: text })) })),
  trouble: orNull(text),
  isCut: flag,
});
const picture = shaped({
  bytes: (value) => value instanceof Uint8Array,
  mediaType: oneOf('image/png', 'image/jpeg', 'image/gif', 'image/webp'),
});

/** Rows of a page's questions, for the table of all that it asks. */
export const pictureQuestions: Shapes<PictureQuestion> = {
  listPictures: { runId: text },
  readPicture: { runId: text, path: text },
};

/** Rows of the answers to them. */
export const pictureAnswers: Shapes<PictureAnswer> = {
  pictures: { ...answer, found },
  picture: { ...answer, path: text, picture: orNull(picture) },
};

export const parsePictureAnswer: (value: unknown) => PictureAnswer | undefined = parserOf(pictureAnswers);
