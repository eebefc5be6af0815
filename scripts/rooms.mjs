// The fences between the rooms of the code base, as one ESLint rule: which room may import which, and that a capability
// is entered through its door only (ARCHITECTURE.md explains both). The table is the whole of the policy.
import path from 'node:path';

const NODE_BUILTINS = /^node:/;

/** room → rooms it may import. A room may always import itself. */
const ARROWS = {
  'src/protocol': [],
  'src/core': ['src/protocol'],
  'src/node': ['src/core', 'src/protocol'],
  'src/worker': ['src/node/files', 'src/core', 'src/protocol'],
  'src/vscode': ['src/protocol', 'src/core'],
  'src/extension.ts': ['src/vscode', 'src/protocol', 'src/core'],
  'src/engine.ts': ['src/node', 'src/core', 'src/protocol', 'package.json'],
  'src/cli.ts': ['src/node', 'src/core', 'src/protocol', 'package.json'],
  'src/start.ts': ['src/node/cachefolder'],
  'src/compiled.ts': ['src/worker/compiled'],
  'webview': ['src/protocol', 'src/core'],
};

/** room → packages (first path segments) it may import; Node's own modules are listed as 'node:'. */
const PACKAGES = {
  'src/protocol': [],
  'src/core': ['yaml'],
  'src/node': ['node:', 'yaml', 'simple-git'],
  'src/worker': ['node:', '@tensorflow/', 'fast-png', 'hyparquet', 'jpeg-js'],
  'src/vscode': ['vscode', 'node:'],
  'src/extension.ts': ['vscode', 'node:'],
  'src/engine.ts': ['node:'],
  'src/cli.ts': ['node:'],
  'src/start.ts': ['node:'],
  'src/compiled.ts': ['node:'],
  'webview': ['uplot', 'vega', 'vega-interpreter', 'vega-lite', '@vscode/webview-ui-toolkit'],
};

const CAPABILITY_ROOMS = ['src/core', 'src/node'];

const isWithin = (file, room) => file === room || file.startsWith(`${room}/`);
const roomOf = (file) => Object.keys(ARROWS).find((room) => isWithin(file, room));

/** 'src/node/pipeline/hash.ts' → { folder: 'src/node/pipeline', door: 'src/node/pipeline/pipeline.ts' } */
function capabilityOf(file) {
  const room = CAPABILITY_ROOMS.find((candidate) => isWithin(file, candidate));
  const [name, ...inner] = room === undefined ? [] : file.slice(room.length + 1).split('/');
  if (name === undefined || inner.length === 0) return undefined;
  return { folder: `${room}/${name}`, doors: [`${room}/${name}/${name}.ts`, `${room}/${name}/commands.ts`] };
}

export default {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      room: '{{from}} may not import {{to}}.',
      door: '{{to}} is an inner file of its capability; import {{door}}.',
    },
  },
  create(context) {
    const root = context.cwd;
    const from = path.relative(root, context.filename).split(path.sep).join('/');
    const room = roomOf(from);
    if (room === undefined) return {};

    const checkPackage = (node, source) => {
      const allowed = PACKAGES[room].some(
        (name) => source === name || source.startsWith(name.endsWith(':') || name.endsWith('/') ? name : `${name}/`),
      );
      if (!allowed) context.report({ node, messageId: 'room', data: { from: room, to: source } });
    };
    const checkFile = (node, source) => {
      const to = path
        .relative(root, path.resolve(path.dirname(context.filename), source))
        .split(path.sep)
        .join('/');
      if (!isWithin(to, room) && !ARROWS[room].some((allowed) => isWithin(to, allowed)))
        context.report({ node, messageId: 'room', data: { from: room, to } });
      const capability = capabilityOf(to);
      if (capability !== undefined && !isWithin(from, capability.folder) && !capability.doors.includes(to))
        context.report({ node, messageId: 'door', data: { to, door: capability.doors[0] } });
    };
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      if (source.startsWith('.')) checkFile(node, source);
      else if (!NODE_BUILTINS.test(source) || !PACKAGES[room].includes('node:')) checkPackage(node, source);
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
