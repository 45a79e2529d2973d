// Brand marks in one colour, picked at build time: those that a descriptor names and simple-icons has.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

const NAME = 'virtual:brand-marks';

/** `virtual:brand-marks` holds a map from icon name to the path of a 24 × 24 drawing. */
export function brandMarks(descriptors: string): Plugin {
  const require = createRequire(import.meta.url);
  const icons = join(dirname(require.resolve('simple-icons')), 'icons');
  return {
    name: 'brand-marks',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const marks: Record<string, string> = {};
      for (const file of readdirSync(descriptors).filter((name) => name.endsWith('.json'))) {
        const { icon } = JSON.parse(readFileSync(join(descriptors, file), 'utf8')) as { icon?: string };
        const drawing = icon && read(join(icons, `${icon}.svg`));
        const path = drawing && /<path d="([^"]+)"/.exec(drawing)?.[1];
        if (icon && path) marks[icon] = path;
      }
      return `export default ${JSON.stringify(marks)};`;
    },
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Some brands do not want to be in simple-icons: they get a monogram.
    return undefined;
  }
}
