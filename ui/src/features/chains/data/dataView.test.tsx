import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import type { JsonValue } from '../../../bindings/wire';
import { DataView } from './DataView';

const MAIL = 'amira@example.test';
const value: JsonValue = [{ title: 'Login fails', author: { email: MAIL } }, { title: 'Slow search', author: { email: 'b@example.test' } }];

const show = (given: JsonValue) =>
  render(
    <MantineProvider>
      <DataView title="Out" value={given} path="$.steps.find" privates={[['author', 'email']]} none="Nothing" />
    </MantineProvider>,
  );

afterEach(cleanup);

it('what is private is nowhere to be read, searched or copied until it is shown, field by field', async () => {
  const copied: string[] = [];
  vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText: (text: string) => Promise.resolve(copied.push(text)) } });
  show(value);
  const text = () => document.body.textContent ?? '';
  expect(text()).toContain('Login fails');
  expect(text()).not.toContain('@example.test');
  fireEvent.click(screen.getByText('JSON'));
  expect(text()).not.toContain('@example.test');
  const masks = () => screen.queryAllByRole('button', { name: 'Show email, which is private' });
  expect(masks(), 'JSON has them too').toHaveLength(2);
  fireEvent.click(screen.getByRole('button', { name: 'Copy all' }));
  expect(copied[0]).not.toContain('@example.test');
  fireEvent.click(screen.getByText('Tree'));
  for (const fold of screen.getAllByRole('button', { name: 'Show what is in author' })) fireEvent.click(fold);
  expect(masks()).toHaveLength(2);
  fireEvent.click(masks()[0] as HTMLElement);
  expect(text()).toContain(MAIL);
  expect(masks(), 'the other one stays masked').toHaveLength(1);
});

it('a large value puts no more into the page than can be seen', () => {
  const many: JsonValue = Array.from({ length: 5_000 }, (_, id) => ({ id, tags: Array.from({ length: 50 }, () => 'tag') }));
  show(many);
  expect(document.querySelectorAll('tbody tr').length).toBe(200);
  expect(document.body.textContent).toContain('The first 200 of 5,000.');
  fireEvent.click(screen.getByText('Tree'));
  const lines = () => document.querySelectorAll('.data-tree li').length;
  expect(lines()).toBeLessThan(1_000);
  const before = lines();
  fireEvent.click(screen.getAllByText('Show more').at(-1) as HTMLElement);
  expect(lines(), 'more of it is shown when it is asked for').toBeGreaterThan(before);
}, 20_000);

it('what is masked as a whole is shown when it is asked for, with why it was not', () => {
  render(
    <MantineProvider>
      <DataView title="Out" value={value} hidden="Nobody knows." none="Nothing" />
    </MantineProvider>,
  );
  expect(document.body.textContent).toContain('Nobody knows.');
  expect(document.body.textContent).not.toContain('Login fails');
  fireEvent.click(screen.getByRole('button', { name: 'Show Out, which is private' }));
  expect(document.body.textContent).toContain('Login fails');
});
