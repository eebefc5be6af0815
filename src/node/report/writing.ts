import { createHash } from 'node:crypto';
import { formatReport, formatReportMarkdown, type Report } from '../../core/report/report.ts';
import type { ReportFormat } from '../../protocol/report.ts';
import { writeFileAtomic } from '../files/files.ts';

const formatters: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  html: (report) => formatReport(report, { hash: (text) => createHash('sha256').update(text).digest('base64') }),
  markdown: formatReportMarkdown,
};

export function formatAs(report: Report, format: ReportFormat): string {
  return formatters[format](report);
}

/** Gives how many bytes it has. */
export async function writeReport(report: Report, format: ReportFormat, file: string): Promise<number> {
  const text = formatAs(report, format);
  await writeFileAtomic(file, text);
  return Buffer.byteLength(text);
}
