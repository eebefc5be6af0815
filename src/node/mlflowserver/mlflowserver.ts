// The door of MLflow's servers: a client of their REST interface, and their runs' artifacts.
import {
  isServerUri,
  parseExperiments,
  parseServerAddress,
  type ServerAddress,
} from '../../core/mlflowserver/mlflowserver.ts';
import { badInput } from '../../protocol/errors.ts';
import type { ServerCredentials } from '../../protocol/servers.ts';
import { MlflowClient, type ClientOptions } from './client.ts';

export { downloadServerArtifact, listServerArtifacts, readServerArtifact, uploadServerArtifact } from './artifacts.ts';
export type { ClientOptions, MlflowClient } from './client.ts';
export { credentialsForMlflow, keepCredentials } from './credentials.ts';
export { collectPages } from './pages.ts';
export { ServerError, isNotThere, isPassing, serverThatRefuses } from './servererror.ts';

/** A client of the server that a URI names; nothing is asked yet. Undefined for another kind of URI. Throws `bad-input` for a broken one. */
export function openMlflowClient(uri: string, options: ClientOptions): MlflowClient | undefined {
  return isServerUri(uri) ? new MlflowClient(requireAddress(uri), options) : undefined;
}

/** Asks a server one small thing with these credentials and no others; gives its base. Throws what the server answers, `not-authorized` where it knows nobody by them. */
export async function tryCredentials(
  uri: string,
  credentials: ServerCredentials,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const client = new MlflowClient({ ...requireAddress(uri), credentials }, { env, attempts: 1 });
  const body = { max_results: 1, view_type: 'ACTIVE_ONLY' };
  await client.call({ method: 'POST', endpoint: 'experiments/search', body }, parseExperiments);
  return client.base;
}

function requireAddress(uri: string): ServerAddress {
  const address = parseServerAddress(uri);
  if (address === undefined) throw badInput('The address of the server is none: write it as http://host:5000.');
  return address;
}
