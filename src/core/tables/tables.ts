// The door of tables: what lies in artifacts as rows and columns, whoever wrote it.
export { parseDelimited } from './delimited.ts';
export { tableOf } from './records.ts';
export { columnOf, toNumber, type Cell, type Table } from './table.ts';
