import type { PictureText } from '../../protocol/pictures.ts';
import type { Localizer } from './texts.ts';

/** Of pictures by step, on the page of a run and on that of runs. */
export function pictureTexts(l10n: Localizer): Readonly<Record<PictureText, string>> {
  return {
    picturesTab: l10n.t('Images'),
    selectForPictures: l10n.t('Select runs in the table: their pictures stand here side by side.'),
    onlyFirstRuns: l10n.t('The first {0} of {1} selected runs.'),
    pictureStep: l10n.t('Step of all pictures'),
    pictureStepOf: l10n.t('step {0}'),
    pictureName: l10n.t('{0} of {1} at step {2}'),
    noPictureYet: l10n.t('none before step {0}'),
    readingPictures: l10n.t('Looking for pictures.'),
    noPictures: l10n.t(
      'No pictures by step are here. A run leaves them as images/NAME/STEP.png, or by log_image of MLflow or DVCLive.',
    ),
    brokenPicture: l10n.t('The picture can’t be shown.'),
    picturesCut: l10n.t('There are more pictures than are listed here.'),
  };
}
