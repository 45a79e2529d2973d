import { MantineProvider } from '@mantine/core';
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';

import type { ConnectorSummary } from '../../bindings/wire';
import { Card } from './Card';

afterEach(cleanup);

const nothing = () => undefined;
const told = (webhook: boolean): string => {
  const connector = { id: 'chat', name: 'Chat', description: 'Talks', category: 'communication', auth: [], streams: [], webhook, icon: null } as unknown as ConnectorSummary;
  render(
    <MantineProvider>
      <Card entry={{ connector, name: 'chat', text: '', connections: [] }} starting={false} onOpen={nothing} onConnect={nothing} onManage={nothing} onSandbox={nothing} />
    </MantineProvider>,
  );
  return document.body.textContent ?? '';
};

it('the card of a tool that tells by webhook says so, and no other', () => {
  expect(told(true)).toMatch(/Communication ·\s+Webhook/);
  cleanup();
  expect(told(false)).not.toContain('Webhook');
});
