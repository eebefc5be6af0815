import net from 'node:net';
import { isMapping } from '../../core/yaml/yaml.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import {
  decodeFromRunProcess,
  encodeSteering,
  maxSteeringLine,
  steeringProtocolVersion,
  type FromRunProcess,
  type Steering,
  type SteeringAnswer,
} from '../../protocol/steering.ts';
import { readTextIfExists } from '../files/files.ts';
import { readLiveHolder } from '../locks/locks.ts';
import type { Project } from '../project/project.ts';
import type { ControlPlace } from './control.ts';
import { isOfThisHost, readDetails, runLockFile } from './leftovers.ts';
import { readLines } from './lines.ts';

/** A run process answers within ten seconds, whatever its worker does. */
const PATIENCE_MS = 20_000;

/**
 * Steers the training of the project that writes the run `runId` (a whole id). Throws `not-live` when nothing here writes it,
 * `not-supported` when its process can't be reached or is of another version, `training-failed` when the training refuses.
 */
export async function steerLiveRun(project: Project, runId: string, steering: Steering): Promise<SteeringAnswer> {
  const place = await findPlace(project, runId);
  const answer = await ask(place, steering);
  if (answer.type === 'answer')
    return { state: answer.state, step: answer.step, epoch: answer.epoch, text: answer.text };
  if (answer.type === 'refused') throw new ExpectedError(answer.isOver ? 'not-live' : 'training-failed', answer.text);
  throw otherVersion(answer.protocol);
}

async function findPlace(project: Project, runId: string): Promise<ControlPlace> {
  const file = runLockFile(project, runId);
  const details = readDetails((await readTextIfExists(file)) ?? '');
  const { host, control } = details;
  if (!isOfThisHost(details))
    throw new ExpectedError('not-live', `This run is written on another machine (${String(host)}); steer it there.`);
  if ((await readLiveHolder(file)) === undefined)
    throw new ExpectedError(
      'not-live',
      'No process works on this run here: it has ended, or it was started elsewhere.',
    );
  if (!isMapping(control)) throw new ExpectedError('not-supported', 'The training of this run can’t be steered.');
  const { address, key, protocol } = control;
  if (protocol !== steeringProtocolVersion) throw otherVersion(protocol);
  return { address: String(address), key: String(key), protocol };
}

/** Says hello, asks, and gives the answer; a hello when that is of another version. */
function ask({ address, key }: ControlPlace, steering: Steering): Promise<FromRunProcess> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(address);
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new ExpectedError('not-live', `The process of this run does not answer (${reason}).`));
    };
    socket.setTimeout(PATIENCE_MS, () => fail('it takes too long'));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('it has hung up'));
    readLines(socket, maxSteeringLine, (line) => {
      const message = decodeFromRunProcess(line);
      if (message === undefined) fail('it said something else');
      else if (message.type === 'hello' && message.protocol === steeringProtocolVersion) {
        socket.write(encodeSteering({ type: 'hello', protocol: steeringProtocolVersion, key }));
        socket.write(encodeSteering({ type: 'steer', steering }));
      } else {
        resolve(message);
        socket.destroy();
      }
    });
  });
}

function otherVersion(found: unknown): ExpectedError {
  return new ExpectedError(
    'not-supported',
    `The process of this run speaks version ${String(found)} of the steering protocol, this program version ${steeringProtocolVersion}. Use the mlops that started it.`,
  );
}
