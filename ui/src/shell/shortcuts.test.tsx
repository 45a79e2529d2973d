import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import { focusSearch, useShortcuts } from './shortcuts';

const done = vi.fn();
const asks = (keys: string) => () => done(keys);

/** There is no layout here: a dialog is seen because it says so. */
const seen = (dialog: HTMLElement | null) => {
  if (dialog) dialog.getClientRects = () => [{}] as unknown as DOMRectList;
};

function Frame({ dialog }: { dialog?: 'dialog' | 'alertdialog' }) {
  useShortcuts({ F1: asks('help'), F6: asks('next'), 'Shift+F6': asks('previous'), F2: asks('rename'), '/': asks('find'), 'Ctrl+k': asks('palette') });
  return (
    <>
      <input aria-label="Name" />
      <div contentEditable role="textbox" aria-label="Definition" />
      {dialog && (
        <div role={dialog} ref={seen}>
          <button type="button">Close</button>
        </div>
      )}
    </>
  );
}

const press = (at: Element, key: string, more: object = {}) => {
  done.mockClear();
  fireEvent.keyDown(at, { key, ...more });
  return done.mock.calls.flat() as string[];
};

afterEach(cleanup);

it('the keys that go from region to region work in fields, forward and back', () => {
  render(<Frame />);
  for (const field of ['Name', 'Definition']) {
    const at = screen.getByRole('textbox', { name: field });
    // happy-dom does not say it of an editable part.
    if (field === 'Definition') Object.defineProperty(at, 'isContentEditable', { value: true });
    expect(press(at, 'F6'), field).toEqual(['next']);
    expect(press(at, 'F6', { shiftKey: true }), field).toEqual(['previous']);
    expect(press(at, '/'), `${field}: a sign stays a sign`).toEqual([]);
  }
});

it.each(['dialog', 'alertdialog'] as const)('the focus stays in a %s: only help is within reach behind it', (dialog) => {
  render(<Frame dialog={dialog} />);
  const at = screen.getByRole('button', { name: 'Close' });
  expect(press(at, 'F6')).toEqual([]);
  expect(press(at, 'F6', { shiftKey: true })).toEqual([]);
  expect(press(at, 'F2')).toEqual([]);
  expect(press(at, 'k', { ctrlKey: true })).toEqual([]);
  expect(press(at, 'F1')).toEqual(['help']);
});

function Find({ search }: { search: boolean }) {
  useShortcuts({ '/': focusSearch, 'Ctrl+f': focusSearch });
  return search ? <input aria-label="Search" data-page-search /> : null;
}

it('the keys of the search are left alone on a page without one', () => {
  const { rerender } = render(<Find search={false} />);
  /** Whether somebody took the key. */
  const taken = (key: string, more: object = {}) => !fireEvent.keyDown(document.body, { key, ...more });
  expect([taken('/'), taken('f', { ctrlKey: true })]).toEqual([false, false]);
  rerender(<Find search />);
  expect([taken('f', { ctrlKey: true }), document.activeElement]).toEqual([true, screen.getByRole('textbox')]);
});
