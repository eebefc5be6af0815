// The door of reports: reads what is in one and writes it down.
export { readReport } from './reading.ts';
export { formatAs, writeReport } from './writing.ts';
export { writeReportOf, tellReportOf, writePointsOf } from './ofproject.ts';
