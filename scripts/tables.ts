/** Plain columns for people, the head underlined; numbers are given as text and stand to the right. */
export function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const isNumeric = columns.map((_, index) => rows.every((row) => /^([-+]?[\d.,%]+|–)$/.test(row[index] ?? '')));
  const format = (cells: readonly string[]): string =>
    widths
      .map((width, index) =>
        isNumeric[index] === true ? (cells[index] ?? '').padStart(width) : (cells[index] ?? '').padEnd(width),
      )
      .join('  ')
      .trimEnd();
  return [
    format(columns),
    widths
      .map((width) => '─'.repeat(width))
      .join('  ')
      .trimEnd(),
    ...rows.map(format),
  ].join('\n');
}
