import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson, startStub, type StubServer } from './stub.ts';

interface Point {
  readonly key: string;
  readonly value: unknown;
  readonly timestamp: number;
  readonly step: number;
}

export interface FakeRun {
  info: Record<string, unknown>;
  metrics: Point[];
  params: Map<string, string>;
  tags: Map<string, string>;
  files: Map<string, Buffer>;
}

/** What goes wrong with a request: nobody gets it, its answer is lost after it was done, or a status. */
type Mishap = 'lost' | 'unanswered' | number | undefined;

/** As much of an MLflow server as our own client asks for, kept in memory. It appends what it is given, as a server on a folder does: rows that come twice are there twice. */
export interface FakeMlflow extends StubServer {
  readonly runs: Map<string, FakeRun>;
  readonly experiments: Map<string, { name: string; isDeleted: boolean }>;
  /** Asked before each request is carried out. */
  mishap: (endpoint: string) => Mishap;
  /** Rows and texts of each batch, in order. */
  readonly batches: { metrics: number; params: number; tags: number }[];
  /** Keys that are refused, with their whole batch. */
  refuses: (key: string) => boolean;
  runNamed(name: string): FakeRun;
}

type Body = Readonly<Record<string, unknown>>;

class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const missing = (message: string): Refusal => new Refusal('RESOURCE_DOES_NOT_EXIST', message);

export async function startFakeMlflow(): Promise<FakeMlflow> {
  const experiments = new Map([['0', { name: 'Default', isDeleted: false }]]);
  const runs = new Map<string, FakeRun>();
  const batches: { metrics: number; params: number; tags: number }[] = [];
  const find = (body: Body): FakeRun => {
    const run = runs.get(String(body['run_id']));
    if (run === undefined) throw missing(`No run ${String(body['run_id'])}`);
    return run;
  };
  const pairs = (texts: Map<string, string>) => [...texts].map(([key, value]) => ({ key, value }));
  const show = (run: FakeRun) => {
    const last = new Map<string, Point>();
    for (const point of run.metrics)
      if ((last.get(point.key)?.step ?? -Infinity) <= point.step) last.set(point.key, point);
    return { info: run.info, data: { metrics: [...last.values()], params: pairs(run.params), tags: pairs(run.tags) } };
  };
  const putTexts = (texts: Map<string, string>, list: unknown, isFixed: boolean): void => {
    for (const { key, value } of (list ?? []) as { key: string; value: string }[]) {
      if (isFixed && (texts.get(key) ?? value) !== value)
        throw new Refusal('INVALID_PARAMETER_VALUE', `${key} is fixed`);
      texts.set(key, value);
    }
  };
  const endpoints: Record<string, (body: Body) => unknown> = {
    'experiments/search': () => ({
      experiments: [...experiments].map(([id, { name, isDeleted }]) => ({
        ...{ experiment_id: id, name, lifecycle_stage: isDeleted ? 'deleted' : 'active' },
      })),
    }),
    'experiments/get-by-name': ({ experiment_name: wanted }) => {
      const found = [...experiments].find(([, { name }]) => name === wanted);
      if (found === undefined) throw missing('No experiment');
      const [id, { name, isDeleted }] = found;
      return { experiment: { experiment_id: id, name, lifecycle_stage: isDeleted ? 'deleted' : 'active' } };
    },
    'experiments/create': ({ name }) => {
      if ([...experiments.values()].some((one) => one.name === name))
        throw new Refusal('RESOURCE_ALREADY_EXISTS', 'There');
      const id = String(experiments.size);
      experiments.set(id, { name: String(name), isDeleted: false });
      return { experiment_id: id };
    },
    'runs/create': (body) => {
      const id = String(runs.size + 1).padStart(32, 'a');
      const info = {
        ...{ run_id: id, experiment_id: body['experiment_id'], run_name: body['run_name'], user_id: body['user_id'] },
        ...{ status: 'RUNNING', start_time: body['start_time'], lifecycle_stage: 'active' },
        artifact_uri: `mlflow-artifacts:/${String(body['experiment_id'])}/${id}/artifacts`,
      };
      const run: FakeRun = { info, metrics: [], params: new Map(), tags: new Map(), files: new Map() };
      putTexts(run.tags, body['tags'], false);
      runs.set(id, run);
      return { run: show(run) };
    },
    'runs/get': (body) => ({ run: show(find(body)) }),
    'runs/search': (body) => {
      const {
        experiment_ids: ids,
        run_view_type: life = 'ACTIVE_ONLY',
        max_results: most = 1000,
        page_token: token = '0',
        filter = '',
      } = body;
      const stage = life === 'ACTIVE_ONLY' ? 'active' : 'deleted';
      const [, tag, value] = /tags\.["`]([^"`]+)["`] = '([^']*)'/.exec(String(filter)) ?? [];
      const [, name] = /run_name = '([^']*)'/.exec(String(filter)) ?? [];
      const found = [...runs.values()]
        .filter(({ info }) => (ids as unknown[]).includes(info['experiment_id']) && info['lifecycle_stage'] === stage)
        .filter((run) => tag === undefined || run.tags.get(tag) === value)
        .filter(({ info }) => name === undefined || info['run_name'] === name)
        .sort((a, b) => Number(b.info['start_time']) - Number(a.info['start_time']));
      const end = Number(token) + Number(most);
      return {
        runs: found.slice(Number(token), end).map(show),
        ...(end < found.length ? { next_page_token: String(end) } : {}),
      };
    },
    'runs/update': (body) => {
      const { info } = find(body);
      for (const key of ['status', 'end_time', 'run_name']) if (body[key] !== undefined) info[key] = body[key];
      return { run_info: info };
    },
    'runs/log-batch': (body) => {
      const run = find(body);
      const [metrics, params, tags] = ['metrics', 'params', 'tags'].map((key) => (body[key] ?? []) as Point[]);
      const counts = { metrics: metrics?.length ?? 0, params: params?.length ?? 0, tags: tags?.length ?? 0 };
      if (counts.metrics + counts.params + counts.tags > 1000) throw new Refusal('INVALID_PARAMETER_VALUE', 'Too many');
      if (run.info['lifecycle_stage'] !== 'active')
        throw new Refusal('INVALID_PARAMETER_VALUE', 'The run must be active');
      if (metrics?.some(({ key }) => fake.refuses(key)) === true)
        throw new Refusal('INVALID_PARAMETER_VALUE', 'Bad key');
      batches.push(counts);
      putTexts(run.params, params, true);
      putTexts(run.tags, tags, false);
      run.metrics.push(...(metrics ?? []));
      return {};
    },
    'runs/set-tag': (body) => (putTexts(find(body).tags, [body], false), {}),
    'runs/delete-tag': (body) => {
      if (!find(body).tags.delete(String(body['key']))) throw missing('No tag');
      return {};
    },
    'runs/delete': (body) => ((find(body).info['lifecycle_stage'] = 'deleted'), {}),
    'runs/restore': (body) => ((find(body).info['lifecycle_stage'] = 'active'), {}),
    'metrics/get-history': (body) => {
      if (body['max_results'] !== undefined)
        throw new Refusal('INVALID_PARAMETER_VALUE', 'This store does not support pagination');
      return { metrics: find(body).metrics.filter(({ key }) => key === body['metric_key']) };
    },
    'artifacts/list': (body) => {
      const folder = typeof body['path'] === 'string' ? `${body['path']}/` : '';
      const below = [...find(body).files].filter(([file]) => file.startsWith(folder));
      const entries = below.map(([file, bytes]) => {
        const [first = '', ...rest] = file.slice(folder.length).split('/');
        return [folder + first, rest.length > 0 ? undefined : bytes.length] as const;
      });
      return {
        files: [...new Map(entries)].map(([path, size]) => ({ path, is_dir: size === undefined, file_size: size })),
      };
    },
  };

  const carryOut = (request: IncomingMessage, url: URL, bytes: Buffer): unknown => {
    const upload = /\/mlflow-artifacts\/artifacts\/[^/]+\/([^/]+)\/artifacts\/(.*)$/.exec(url.pathname);
    if (upload !== null) {
      find({ run_id: upload[1] }).files.set(decodeURIComponent(upload[2] ?? ''), bytes);
      return {};
    }
    const query = Object.fromEntries(url.searchParams);
    if (url.pathname === '/get-artifact') {
      const file = find(query).files.get(query['path'] ?? '');
      if (file === undefined) throw missing('No artifact');
      return file;
    }
    const endpoint = url.pathname.replace('/api/2.0/mlflow/', '');
    const body = bytes.length === 0 ? query : (JSON.parse(bytes.toString()) as Body);
    const work = endpoints[endpoint];
    if (work === undefined) throw new Refusal('ENDPOINT_NOT_FOUND', request.url ?? '');
    return work(body);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '', 'http://x');
    const mishap = fake.mishap(url.pathname.replace('/api/2.0/mlflow/', ''));
    if (mishap === 'lost') return void request.socket.destroy();
    if (typeof mishap === 'number') {
      sendJson(response, { error_code: 'OVERLOADED', message: 'Later' }, mishap);
      return;
    }
    try {
      const result = carryOut(request, url, Buffer.concat(chunks));
      if (mishap === 'unanswered') return void request.socket.destroy();
      if (Buffer.isBuffer(result)) response.end(result);
      else sendJson(response, result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      sendJson(
        response,
        { error_code: error.code, message: error.message },
        error.code === 'RESOURCE_DOES_NOT_EXIST' ? 404 : 400,
      );
    }
  };
  const stub = await startStub(
    (request, response) => void answer(request, response).catch(() => request.socket.destroy()),
  );
  const fake: FakeMlflow = {
    ...stub,
    ...{ runs, experiments, batches, mishap: () => undefined, refuses: () => false },
    runNamed(name) {
      const found = [...runs.values()].find(({ info }) => info['run_name'] === name);
      if (found === undefined) throw new Error(`The server has no run ${name}.`);
      return found;
    },
  };
  return fake;
}
