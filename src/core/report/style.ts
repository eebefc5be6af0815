import { seriesStyle } from '../charts/charts.ts';

/** Hues of lines, by the kind of theme. */
const hues = (tone: 'dark' | 'light'): string =>
  Array.from({ length: 6 }, (_, index) => `--s${index}:${seriesStyle(index).fallback[tone]};`).join('');

/** Of cells of a matrix: how strong a colour lies over the background, so that the number on it can be read. */
const levels = [8, 16, 24, 32, 40] as const;
export const heatLevels = levels.length;

/** The whole look of a report, in light and dark as whoever opens it has chosen. Nothing is loaded; no attribute has a style. */
export const reportStyle = `
:root{color-scheme:light dark;--bg:#ffffff;--fg:#3b3b3b;--dim:#616161;--rule:#e0e0e0;--grid:rgba(59,59,59,.12);${hues('light')}}
@media (prefers-color-scheme:dark){:root{--bg:#1f1f1f;--fg:#cccccc;--dim:#9d9d9d;--rule:#3a3a3a;--grid:rgba(204,204,204,.12);${hues('dark')}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px;max-width:1360px;background:var(--bg);color:var(--fg);font:13px/1.5 system-ui,"Segoe UI",Ubuntu,"Droid Sans","DejaVu Sans",sans-serif}
h1{font-size:20px;line-height:1.3;margin:0 0 4px}
h2{font-size:13px;margin:28px 0 8px}
h3{font-size:13px;margin:0}
p{margin:0 0 4px}
.dim,h3 span{color:var(--dim);font-weight:normal}
.scroll{overflow-x:auto}
.scroll:focus-visible{outline:1px solid var(--s0);outline-offset:2px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:3px 12px 3px 0;text-align:left;white-space:nowrap;border-bottom:1px solid var(--rule);vertical-align:middle}
thead th{color:var(--dim);font-weight:normal}
tbody th{font-weight:normal}
.n{text-align:right}
.best,.best th{font-weight:600}
.run{display:inline-block;max-width:32ch;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom}
.key,.spark{vertical-align:middle;margin-right:8px}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,520px),1fr));gap:24px}
.wide{grid-column:1/-1}
figure{margin:0;min-width:0}
figure svg{display:block;width:100%;height:auto}
.line:hover path{stroke-width:3.5;stroke-opacity:1}
svg g:hover>.line:not(:hover){opacity:.35}
details{margin-top:4px}
summary{color:var(--dim);cursor:pointer;width:fit-content}
.matrix td{min-width:36px;padding:3px 6px;text-align:right;border:0}
.matrix th{border:0}
caption{text-align:left;white-space:nowrap}
.matrix thead th{text-align:right;padding:3px 6px}
${levels.map((level, index) => `.r${index}{background:color-mix(in srgb,var(--s0) ${level}%,var(--bg))}.e${index}{background:color-mix(in srgb,var(--s1) ${level + 10}%,var(--bg))}`).join('\n')}
footer{margin-top:32px;padding-top:8px;border-top:1px solid var(--rule);color:var(--dim)}
@media print{body{max-width:none;padding:0}figure,tr{break-inside:avoid}.scroll{overflow:visible}}
`;
