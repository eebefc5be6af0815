// The door of data's effects for the pipeline, which treats a .dvc file as a stage without a command.
export { recordData } from './record.ts';
