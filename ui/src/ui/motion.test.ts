import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

const folder = join(process.cwd(), 'src');

it('what moves for as long as something lasts is moved by the compositor alone', () => {
  const styles = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.css'));
  const frames = styles.flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/@keyframes\s+(\S+)\s*\{((?:[^{}]*\{[^{}]*\})*)/g)].map((found) => ({ of: `${name}: ${found[1]}`, body: found[2] ?? '' })));
  expect(frames.length, 'there are some').toBeGreaterThan(1);
  const costly = frames.flatMap(({ of, body }) => [...body.matchAll(/[{;]\s*([a-z-]+)\s*:/g)].map((found) => `${of}: ${found[1]}`).filter((one) => !/: (transform|opacity)$/.test(one)));
  expect(costly, 'anything else is drawn anew in each frame').toEqual([]);
});
