// The door of editing YAML files of people: text is put in, and all other bytes stay as they are.
export { insertEntry, type Entry } from './insert.ts';
export { addToList, toFlow } from './list.ts';
export { setWord } from './set.ts';
