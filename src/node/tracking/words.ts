/** In UTC, as logs have it: `2026-11-21 20:00:02`. */
export function formatTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

/** Five digits are enough for people; `-` where there is no number. */
export function formatNumber(value: number | null | undefined): string {
  if (value === undefined || value === null) return '-';
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : String(value);
}
