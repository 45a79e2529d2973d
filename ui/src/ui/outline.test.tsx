import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { MantineProvider } from '@mantine/core';
import { render } from '@testing-library/react';
import { expect, it } from 'vitest';

import { Outline } from './Outline';

it('what is waited for stands still for a second, and moves a few times a second then', () => {
  const css = readFileSync(join(process.cwd(), 'src/ui/ui.css'), 'utf8');
  const [, selector, body] = /([^{}]*Skeleton[^{}]*)::after \{([^{}]*)\}/.exec(css.replace(/\/\*[^]*?\*\//g, '')) ?? [];
  expect(body).toMatch(/animation-delay: 1s;/);
  expect(Number(/steps\((\d+)\)/.exec(body ?? '')?.[1]), 'steps each 0.75 s, from one frame of the library to the next').toBeLessThanOrEqual(4);
  const { container } = render(<MantineProvider><Outline shape="steps" rows={3} /></MantineProvider>);
  const outlined = [...container.querySelectorAll('[data-visible]')];
  expect(outlined.length, 'something is outlined').toBeGreaterThan(2);
  expect(outlined.filter((one) => !one.matches(selector?.trim() ?? 'none')), 'and all of it is meant').toEqual([]);
});
