import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Choices, ChoicesRequest, ConfigField } from '../../../bindings/wire';

const host = vi.hoisted(() => ({ answer: undefined as unknown, asked: [] as unknown[] }));
vi.mock('../../../platform', async (original) => {
  const real = await original<typeof import('../../../platform')>();
  const call = (_: string, command: string, request: unknown) => {
    host.asked.push([command, request]);
    return host.answer instanceof Error ? Promise.reject(host.answer) : Promise.resolve(host.answer);
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { ProblemError } from '../../../platform';
import { SettingInput } from '../fields';

beforeEach(() => {
  host.asked = [];
});
afterEach(cleanup);

const field = { key: 'channel', label: 'Channel', type: 'text', required: true, choices: { operation: 'list', value: '$.id', label: '$.name' } } as ConfigField;
const two: Choices = { choices: [{ value: 'C1', label: 'printers', fills: { team: 'T1' } }, { value: 'C1', label: 'printers of two', fills: { team: 'T2' } }, { value: 'C2', label: 'C2', fills: {} }], more: false };

function Form({ ask }: { ask?: (setting: string) => ChoicesRequest }) {
  const [settings, setSettings] = useState<Record<string, string>>({});
  return (
    <MantineProvider env="test">
      <SettingInput id="here" field={field} value={settings.channel ?? ''} onChange={(channel, others) => setSettings({ ...others, channel })} lists={ask && { settings, ask }} />
      <output>{JSON.stringify(settings)}</output>
    </MantineProvider>
  );
}
const entry = () => document.getElementById('here') as HTMLInputElement;
const ask = (setting: string) => ({ setting, connection: 'team' });

it('offers what the tool lists, by name, and enters its value', async () => {
  host.answer = two;
  render(<Form ask={ask} />);
  await screen.findByPlaceholderText('Choose one');
  expect(host.asked).toEqual([['setting_choices', { setting: 'channel', connection: 'team' }]]);
  entry().focus();
  fireEvent.click(entry());
  fireEvent.change(entry(), { target: { value: 'print' } });
  await vi.waitFor(() => expect(screen.getAllByRole('option').map((one) => one.textContent)).toEqual(['printers (C1)', 'printers of two (C1)']));
  fireEvent.click(screen.getByRole('option', { name: 'printers of two (C1)' }));
  expect(screen.getByRole('status').textContent).toBe('{"team":"T2","channel":"C1"}');
  expect(entry().value).toBe('printers of two (C1)');
});

it('lets somebody type another value, which stays when the list comes back', async () => {
  host.answer = two;
  render(<Form ask={ask} />);
  await screen.findByPlaceholderText('Choose one');
  fireEvent.click(screen.getByRole('button', { name: 'Type it myself' }));
  fireEvent.change(entry(), { target: { value: 'C9' } });
  fireEvent.click(screen.getByRole('button', { name: 'Choose from the list' }));
  expect(entry().value).toBe('C9');
});

it('is a plain field where the tool gives no list, says why, keeps the focus, and asks again', async () => {
  host.answer = new ProblemError({ code: 'PERMISSION_MISSING', title: 'Slack will not let us read', hint: '' } as never);
  render(<Form ask={ask} />);
  entry().focus();
  await screen.findByText(/There is no list to choose from: Slack will not let us read/);
  const input = entry();
  expect(document.activeElement).toBe(input);
  fireEvent.change(input, { target: { value: 'C9' } });
  host.answer = two;
  fireEvent.click(screen.getByRole('button', { name: 'Ask again' }));
  await screen.findByRole('button', { name: 'Choose from the list' });
  expect([document.activeElement, entry().value]).toEqual([input, 'C9']);
  fireEvent.click(screen.getByRole('button', { name: 'Choose from the list' }));
  await screen.findByRole('button', { name: 'Type it myself' });
  expect(entry().value).toBe('C9');
});

it('asks nobody before somebody has signed in', () => {
  render(<Form />);
  expect(host.asked).toEqual([]);
  expect(entry().value).toBe('');
});
