// The door of what the editor asks about texts.
export { checkFiles } from './check.ts';
