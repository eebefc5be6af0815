// The door of TensorBoard's event files as bytes.
export { addEvent, createEventLog, type EventLog } from './events.ts';
export { maskedCrc, readRecords } from './records.ts';
