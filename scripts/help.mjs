// `npm run help`: every script of package.json with its line from "scriptsInfo".
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.mjs';

const { scripts, scriptsInfo } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const width = Math.max(...Object.keys(scripts).map((name) => name.length));
for (const name of Object.keys(scripts)) console.log(`npm run ${name.padEnd(width)}  ${scriptsInfo[name] ?? ''}`);
