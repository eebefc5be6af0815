// The door of reports: what runs are shown of, as a document that stands by itself. Pure; `node/report` reads what is in it.
export { planReport, type Report, type ReportChart, type ReportPlan } from './plan.ts';
export { toReportChart } from './chart.ts';
export { formatReport, reportPaint } from './html.ts';
export { escapeMarkup } from './markup.ts';
export { formatSheet, type SvgChart, type SvgInk } from './svg.ts';
export { formatReportMarkdown } from './markdown.ts';
