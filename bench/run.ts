/** `npm run bench`: every benchmark, one after the other, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SUITES = [
  'render.ts',
  'decode.ts',
  'verify.ts',
  'serve.ts',
  'start.ts',
  'store.ts',
  'list.ts',
  'readers.ts',
  'lineage.ts',
  'crowd.ts',
];

for (const suite of SUITES) {
  console.log(`\n${suite}`);
  const path = fileURLToPath(new URL(suite, import.meta.url));
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', path], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
