import * as vscode from 'vscode';
import { courseInBlocks, describeCourse, drawCourse, type CourseColours } from '../../core/sparks/sparks.ts';
import type { EngineClient } from '../../protocol/engine.ts';

export interface CoursePicture {
  /** `data:image/svg+xml;base64,…` */
  readonly uri: string;
  readonly blocks: string;
  readonly words: string;
}

/** A tooltip does not wait longer for a picture: a server may be slow. */
const MOST_MS = 2000;

/** How a run went, as a picture; null where it has no course, or where nobody could say in time. */
export async function readCourseOf(
  engine: EngineClient,
  run: { readonly project: string; readonly runId: string },
  report: (error: unknown) => void,
): Promise<CoursePicture | null> {
  const { project, runId } = run;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), MOST_MS)));
  try {
    const course = await Promise.race([engine.request('readRunCourse', { project, runId }), late]);
    if (course === null) return null;
    const svg = drawCourse(course, colours[vscode.window.activeColorTheme.kind]);
    return {
      uri: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`,
      blocks: courseInBlocks(course),
      words: describeCourse(course, vscode.l10n.t),
    };
  } catch (error) {
    // The texts of the tooltip say enough without it.
    report(error);
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** A picture does not know the variables of a theme; these are at least three times as light or dark as what tooltips are drawn on. */
const colours: Readonly<Record<vscode.ColorThemeKind, CourseColours>> = {
  [vscode.ColorThemeKind.Light]: { line: '#1a6fc4', best: '#2f7d32' },
  [vscode.ColorThemeKind.Dark]: { line: '#4da3ff', best: '#89d185' },
  [vscode.ColorThemeKind.HighContrast]: { line: '#ffffff', best: '#ffff00' },
  [vscode.ColorThemeKind.HighContrastLight]: { line: '#0f4a85', best: '#000000' },
};
