import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';

import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { DoneStep, WhatNext } from './DoneStep';
import type { Draft } from './draft';

afterEach(cleanup);

const facts = (own: { streams?: string[]; effects?: boolean[]; webhook?: boolean }) => {
  const detail = { streams: (own.streams ?? []).map((title) => ({ id: title, title })), operations: (own.effects ?? []).map((effect) => ({ effect })), webhook: own.webhook ?? false } as unknown as ConnectorDetail;
  render(
    <MantineProvider>
      <DoneStep draft={{ name: 'Work', syncNow: true } as Draft} detail={detail} replacing={false} mistakes={{}} problem={undefined} onChange={() => undefined} onFix={() => undefined} />
    </MantineProvider>,
  );
  return [...document.querySelectorAll('dd')].map((fact) => fact.textContent);
};

it.each<[string, Parameters<typeof facts>[0], string[]]>([
  ['what is read, and what chains can do', { streams: ['Issues', 'Comments'], effects: [true, false, true] }, ['Issues, Comments', '3 (2 can change something)']],
  ['that nothing is changed', { streams: ['Issues'], effects: [false] }, ['Issues', '1 (they only read)']],
  ['that it sends by itself', { webhook: true }, ['What the tool sends by itself', 'None']],
  ['that nothing comes', { effects: [true] }, ['Nothing by itself', '1 (1 can change something)']],
])('the last step says %s', (_, own, said) => {
  expect(facts(own)).toEqual(said);
});

it.each([[true, false, true], [false, true, true], [false, false, false]])('signals are offered where there can be any (streams %s, webhook %s)', (streams, webhook, offered) => {
  render(
    <MantineProvider>
      <WhatNext made={{ name: 'Work' } as ConnectionView} replaced signedIn={false} sync={false} streams={streams} webhook={webhook} onClose={() => undefined} />
    </MantineProvider>,
  );
  expect(screen.queryByRole('button', { name: 'See its signals' }) !== null).toBe(offered);
});
