import type { FromWorker, Prediction, PredictTask } from '../protocol/training.ts';
import { startBackend } from './backends.ts';
import { readGreyImage, type GreyImage } from './image.ts';
import { readModel } from './modelFiles.ts';
import type { TaskContext } from './training.ts';
import { callUserFunction, loadUserModule, userMistake, type UserModule } from './userCode.ts';

/** Runs images from outside the data set through a saved model, by the project's own `predict.ts`. Returns the last message. */
export async function runPrediction(task: PredictTask, context: TaskContext): Promise<FromWorker> {
  const images: GreyImage[] = [];
  // One after the other: thousands of files at once are more than a process may have open.
  for (const file of task.images) images.push(await readGreyImage(file));
  const places = { wasm: context.wasmFolder, projectRoot: task.projectRoot };
  const { tf, name, version, threads, passedOver } = await startBackend(task.backends, places);
  context.send({ type: 'backend', name, version, threads, passedOver });

  const model = await readModel(tf, task.modelDirectory);
  const predictor = await loadUserModule(task.projectRoot, `src/models/${task.model}/predict.ts`);
  const answers = await callUserFunction(predictor, 'predict', [{ tf, config: task.config, model }, images]);
  for (const prediction of toPredictions(answers, task.images, predictor))
    context.send({ type: 'prediction', prediction });
  return { type: 'predicted' };
}

/** What `predict` gave, checked: one answer per image, in the images' order. */
function toPredictions(answers: unknown, images: readonly string[], predictor: UserModule): Prediction[] {
  if (!Array.isArray(answers) || answers.length !== images.length)
    throw userMistake(predictor, 'predict', `must return one answer for each of the ${images.length} images.`);
  return images.map((image, index) => {
    const answer = (answers[index] ?? {}) as Readonly<Record<string, unknown>>;
    const { label } = answer;
    if (typeof label !== 'string' && typeof label !== 'number')
      throw userMistake(predictor, 'predict', `gives no label for ${image}.`);
    return { image, label: String(label), probabilities: readProbabilities(answer, image, predictor) };
  });
}

function readProbabilities(
  { probabilities, labels }: Readonly<Record<string, unknown>>,
  image: string,
  predictor: UserModule,
): Readonly<Record<string, number>> {
  if (probabilities === null || probabilities === undefined) return {};
  const values = Array.from(probabilities as ArrayLike<unknown>, Number);
  const names = Array.isArray(labels) ? labels.map(String) : values.map((_, index) => String(index));
  if (names.length !== values.length || values.some(Number.isNaN))
    throw userMistake(
      predictor,
      'predict',
      `gives ${values.length} probabilities for ${names.length} labels (${image}).`,
    );
  return Object.fromEntries(names.map((label, index) => [label, values[index] ?? 0]));
}
