// How this model is trained. `fit` follows the configuration (epochs, batch size, optimizer, loss, metric), tracks every epoch
// and ends early when somebody stops the run; the model given back is tested and saved.
import { createModel } from './model.ts';

export async function train(context: mlops.TrainContext): Promise<mlops.LayersModel> {
  const model = createModel(context.tf, context.config);
  context.run.setTag('weights', String(model.countParams()));
  await context.fit(model, context.data);
  return model;
}
