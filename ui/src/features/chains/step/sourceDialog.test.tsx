import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { ChainStepRequest, FieldMap, StepFieldsResponse, TargetField } from '../../../bindings/wire';

const host = vi.hoisted(() => ({ asked: [] as unknown[], answer: (() => undefined) as (request: ChainStepRequest) => unknown }));
vi.mock('../../../platform', async (original) => {
  const real = await original<typeof import('../../../platform')>();
  const call = (_: string, command: string, request: ChainStepRequest) => {
    if (command !== 'chain_fields') return new Promise(() => undefined);
    host.asked.push(request.map);
    return Promise.resolve(host.answer(request));
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { MASK } from '../data/private';
import { Origin } from './Origin';
import { SourceDialog } from './SourceDialog';

const FIELD: TargetField = { target: '/text', label: 'Text', about: null, kind: 'text', required: true, choices: [], default: null, map: null, from_sample: null, result: null, trouble: null, example: false, finder: null };
const answer = (field: Partial<TargetField>, more: Partial<StepFieldsResponse> = {}): StepFieldsResponse => ({
  fields: { targets: [{ ...FIELD, ...field }], sources: [] },
  origin: 'last_run',
  samples: 3,
  privateSources: [],
  privateTargets: [],
  ...more,
});

function open(map: FieldMap | null, choose = vi.fn(), field: Partial<TargetField> = {}) {
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <SourceDialog
          field={{ ...FIELD, ...field, map }}
          sources={[{ label: 'Find', example: false, fields: [{ path: '$.item.labels', name: 'labels', kind: 'list', sample: ['a', 'b'] }, { path: '$.item.mail', name: 'mail', kind: 'text', sample: 'a@example.test' }] }]}
          where={{ chain: 'c1', step: 'tell', sample: 0, signal: null, run: null }}
          sampleOf={(value) => (value.path === '$.item.mail' ? MASK : value.sample)}
          onChoose={choose}
          onFind={() => undefined}
          onClose={() => undefined}
        />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return choose;
}

const template = (text: string): FieldMap => ({ target: '/text', source: { type: 'template', template: text }, by: 'hand' });
const tried = () => screen.getByTestId('tried').textContent;

// Fields that grow with their text watch for fonts, which this page has none of.
Object.defineProperty(document, 'fonts', { value: new EventTarget(), configurable: true });

beforeEach(() => {
  host.asked = [];
  host.answer = () => answer({ result: 'ready' });
});
afterEach(cleanup);

it('what is typed is tried on the sample by the engine, before anything is chosen', async () => {
  const choose = open(template('New: {{item.title}}'));
  await waitFor(() => expect(tried()).toContain('ready'));
  host.answer = ({ map }) => answer(map?.source.type === 'template' && map.source.template.endsWith('}}') ? { result: 'Title one' } : { trouble: '"{{" and "}}" do not match' });
  const field = screen.getByRole('textbox', { name: 'Template' });
  fireEvent.change(field, { target: { value: '{{item.title' } });
  await waitFor(() => expect(tried()).toContain('do not match'));
  fireEvent.change(field, { target: { value: '{{item.title}}' } });
  await waitFor(() => expect(tried()).toContain('Title one'));
  expect(choose, 'nothing is kept by trying').not.toHaveBeenCalled();
  expect(host.asked.at(-1)).toMatchObject({ target: '/text', source: { type: 'template', template: '{{item.title}}' } });
});

it('a required field that gets nothing from the sample is said to be empty', async () => {
  host.answer = () => answer({ result: null });
  open(template('{{item.nothing}}'));
  await waitFor(() => expect(tried()).toContain('This field is required'));
});

it('what is private is masked until somebody asks, and is not found by what it is', async () => {
  host.answer = () => answer({ result: 'a@example.test' }, { privateTargets: ['/text'] });
  open({ target: '/text', source: { type: 'path', path: '$.item.mail' }, by: 'hand' });
  await waitFor(() => expect(tried()).toContain(MASK));
  expect(document.body.textContent).not.toContain('a@example.test');
  fireEvent.change(screen.getByLabelText('Search values'), { target: { value: 'example' } });
  screen.getByText('Nothing matches “example”');
  fireEvent.click(screen.getByRole('button', { name: 'Show Text, which is private' }));
  expect(tried()).toContain('a@example.test');
});

it('a list is joined in plain words, with something where it is empty, and stays so when opened again', async () => {
  const choose = open({ target: '/text', source: { type: 'template', template: '{{ item.labels|join(", ") }}' }, default: 'none', by: 'hand' });
  expect(screen.getByLabelText<HTMLInputElement>('Where it is empty').value).toBe('none');
  fireEvent.change(screen.getByLabelText('Between them'), { target: { value: ' / ' } });
  const joined = { source: { type: 'template', template: '{{ item.labels|join(" / ") }}' }, default: 'none' };
  await waitFor(() => expect(host.asked.at(-1)).toMatchObject(joined));
  fireEvent.click(screen.getByRole('button', { name: 'Use this' }));
  expect(choose).toHaveBeenCalledWith(expect.objectContaining(joined));
});

/** Chooses what becomes of the value. */
function change(to: string) {
  fireEvent.click(screen.getByRole('combobox', { name: 'Change' }));
  fireEvent.click(screen.getByRole('option', { name: to, hidden: true }));
}

it('a date is written in the form and the zone that are asked for, and tried as it is typed', async () => {
  const choose = open({ target: '/text', source: { type: 'path', path: '$.item.due' }, by: 'hand' });
  change('a date in another form');
  const last = () => host.asked.at(-1) as FieldMap;
  await waitFor(() => expect(last().source).toEqual({ type: 'template', template: `{{ item.due|date_format("%Y-%m-%d", "${Intl.DateTimeFormat().resolvedOptions().timeZone}") }}` }));
  fireEvent.change(screen.getByLabelText('Written as', { selector: 'input' }), { target: { value: '%d.%m.%Y' } });
  host.answer = () => answer({ trouble: 'there is no time zone Mars' });
  fireEvent.change(screen.getByLabelText('Time zone'), { target: { value: 'Mars' } });
  await waitFor(() => expect(tried()).toContain('there is no time zone Mars'));
  fireEvent.change(screen.getByLabelText('Time zone'), { target: { value: '' } });
  fireEvent.click(screen.getByRole('button', { name: 'Use this' }));
  expect(choose, 'UTC where no zone is named').toHaveBeenCalledWith(expect.objectContaining({ source: { type: 'template', template: '{{ item.due|date_format("%d.%m.%Y") }}' } }));
});

it('a small table says what a value becomes, as the field takes it, and stays so when opened again', () => {
  const source = { type: 'template' as const, template: '{{ item.state|lookup({"open":1,"closed":2}, 3) }}' };
  const choose = open({ target: '/text', source, by: 'hand' }, vi.fn(), { kind: 'number' });
  const becomes = () => screen.getAllByLabelText<HTMLInputElement>('It becomes', { selector: 'input' });
  expect(becomes().map((field) => field.value)).toEqual(['1', '2']);
  fireEvent.click(screen.getByRole('button', { name: 'Remove row 1' }));
  fireEvent.click(screen.getByRole('button', { name: 'Add a row' }));
  fireEvent.change(screen.getAllByLabelText('Where it is')[1] as HTMLElement, { target: { value: 'late' } });
  fireEvent.change(becomes()[1] as HTMLElement, { target: { value: '4' } });
  fireEvent.change(screen.getByLabelText('Everything else becomes', { selector: 'input' }), { target: { value: '' } });
  fireEvent.click(screen.getByRole('button', { name: 'Use this' }));
  expect(choose).toHaveBeenCalledWith(expect.objectContaining({ source: { type: 'template', template: '{{ item.state|lookup({"closed":2,"late":4}) }}' } }));
});

it('what an example gives is called one, and is no sample that is missing', async () => {
  const sources = [{ label: 'Find', example: true, fields: [] }];
  host.answer = () => answer({ result: 'New: Example title', example: true }, { origin: null, samples: 0, fields: { targets: [{ ...FIELD, result: 'New: Example title', example: true }], sources } });
  open(template('New: {{item.title}}'));
  await waitFor(() => expect(tried()).toBe('Result · Example dataNew: Example title'));
});

it('the panel names what is an example, and which where something else was seen', () => {
  const sources = (example: boolean) => [{ label: 'Find', example, fields: [] }, { label: 'Get', example: true, fields: [] }];
  const said = (node: ReactNode) => {
    cleanup();
    return render(node).container.textContent;
  };
  expect(said(<Origin origin={null} sources={sources(true)} />)).toBe('Example data');
  expect(said(<Origin origin="last_run" sources={sources(false)} />)).toBe('from the last run · Example data for “Get”');
  expect(said(<Origin origin="last_run" sources={[]} />)).toBe('from the last run');
  expect(said(<Origin origin={null} sources={[]} />)).toContain('no sample yet');
});
