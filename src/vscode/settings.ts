import * as vscode from 'vscode';
import { settingDefaults } from './manifest.ts';

export interface Settings {
  /** Train opens the live chart as soon as there is a run. */
  readonly openChartOnTrain: boolean;
}

/** The only place that reads the configuration; everybody else gets plain values. */
export function readSettings(): Settings {
  const read = <K extends keyof typeof settingDefaults>(key: K): (typeof settingDefaults)[K] | boolean =>
    vscode.workspace.getConfiguration().get<boolean>(key, settingDefaults[key]);
  return { openChartOnTrain: read('mlops.openChartOnTrain') };
}
