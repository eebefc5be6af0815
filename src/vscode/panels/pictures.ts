import type { EngineClient } from '../../protocol/engine.ts';
import { picturesVersion, type PictureAnswer, type PictureQuestion } from '../../protocol/pictures.ts';

/** Answers what a page asks about pictures by step. `root`: of the project. */
export type AnswerPictures = (root: string, question: PictureQuestion) => Promise<PictureAnswer>;

export function isPictureQuestion(message: { readonly type: string }): message is PictureQuestion {
  return message.type === 'listPictures' || message.type === 'readPicture';
}

export function createPictureAnswers(engine: EngineClient): AnswerPictures {
  return async (project, question) => {
    const { runId } = question;
    const answer = { protocol: picturesVersion, runId };
    if (question.type === 'listPictures')
      return { ...answer, type: 'pictures', found: await engine.request('listPictures', { project, runId }) };
    const { path } = question;
    const view = await engine.request('viewArtifact', { project, runId, path });
    const picture = view.kind === 'image' ? { bytes: view.bytes, mediaType: view.mediaType } : null;
    return { ...answer, type: 'picture', path, picture };
  };
}
