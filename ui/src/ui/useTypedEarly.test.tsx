import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { useTypedEarly } from './useTypedEarly';

afterEach(cleanup);

function Page({ asked, onClose }: { asked: boolean; onClose: () => void }) {
  const early = useTypedEarly('.palette-field input', asked, onClose);
  const [text, setText] = useState('');
  return (
    <div className="palette-field">
      {asked && <input aria-label="field" value={text} onFocus={() => setText((now) => now + early())} onChange={(event) => setText(event.currentTarget.value)} />}
    </div>
  );
}

/** Presses keys one after another; gives those that reached the page. */
function press(...keys: string[]): string[] {
  const reached: string[] = [];
  const hear = (event: KeyboardEvent) => void reached.push(event.key);
  document.addEventListener('keydown', hear);
  for (const key of keys) fireEvent.keyDown(document.activeElement ?? document.body, { key });
  document.removeEventListener('keydown', hear);
  return reached;
}

it('what is typed before the field has the focus is in it, in order, and reaches nothing else', () => {
  const { rerender } = render(<Page asked={false} onClose={vi.fn()} />);
  expect(press('d'), 'the page has its keys').toEqual(['d']);
  rerender(<Page asked onClose={vi.fn()} />);
  expect(press('d', 'o', 'x', 'Backspace', 'Enter')).toEqual([]);
  act(() => screen.getByLabelText('field').focus());
  expect(screen.getByLabelText<HTMLInputElement>('field').value).toBe('do');
  expect(press('w'), 'the field has its own keys from then on').toEqual(['w']);
  act(() => screen.getByLabelText('field').blur());
  act(() => screen.getByLabelText('field').focus());
  expect(screen.getByLabelText<HTMLInputElement>('field').value, 'nothing comes twice').toBe('do');
});

it('Escape takes the wish back before the field is there', () => {
  const close = vi.fn();
  render(<Page asked onClose={close} />);
  expect(press('d', 'Escape')).toEqual([]);
  expect(close).toHaveBeenCalledOnce();
});
