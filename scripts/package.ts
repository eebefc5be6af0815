// `npm run package`: the extension as .vsix and the command line as npm tarball, both in the repository's root.
import path from 'node:path';
import { ensurePackage, makeTarball } from './packaging/packaging.ts';
import { root } from './places.ts';

const { vsix } = await ensurePackage();
const tarball = await makeTarball(root);
console.log(`\nExtension     ${path.relative(root, vsix)}   code --install-extension ${path.relative(root, vsix)}`);
console.log(`Command line  ${path.relative(root, tarball)}   npm install -g ./${path.relative(root, tarball)}`);
