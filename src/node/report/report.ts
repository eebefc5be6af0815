// The door of reports: reads what is in one and writes it down.
export { readReport } from './reading.ts';
export { writeReport, reportFormats, formatAs, type ReportFormat } from './writing.ts';
