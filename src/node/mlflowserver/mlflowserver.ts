// The door of MLflow's servers: a client of their REST interface, and their runs' artifacts.
import { isServerUri, parseServerAddress } from '../../core/mlflowserver/mlflowserver.ts';
import { badInput } from '../../protocol/errors.ts';
import { MlflowClient, type ClientOptions } from './client.ts';

export { downloadServerArtifact, listServerArtifacts, readServerArtifact, uploadServerArtifact } from './artifacts.ts';
export type { ClientOptions, MlflowClient } from './client.ts';
export { collectPages } from './pages.ts';
export { ServerError, isNotThere, isPassing } from './servererror.ts';

/** A client of the server that a URI names; nothing is asked yet. Undefined for another kind of URI. Throws `bad-input` for a broken one. */
export function openMlflowClient(uri: string, options: ClientOptions): MlflowClient | undefined {
  if (!isServerUri(uri)) return undefined;
  const address = parseServerAddress(uri);
  if (address === undefined) throw badInput('The address of the server is none: write it as http://host:5000.');
  return new MlflowClient(address, options);
}
