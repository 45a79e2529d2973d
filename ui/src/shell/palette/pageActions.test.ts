import { afterEach, expect, it } from 'vitest';

import { pageActions } from './pageActions';

afterEach(() => document.body.replaceChildren());

it('offers the buttons of the page by their names, each once, and says why one cannot be pressed', () => {
  document.body.innerHTML = `
    <header><div class="page-actions">
      <button aria-label="Check all now"><svg></svg></button>
      <button>Export…</button><button>Export…</button>
      <button aria-disabled="true" aria-description="You are offline.">Test</button>
      <button aria-busy="true">Saving</button><button><svg></svg></button>
    </div></header><main><button>Another</button></main>`;
  const commands = pageActions();
  expect(commands.map(({ label, why }) => [label, why])).toEqual([['Check all now', undefined], ['Export…', undefined], ['Test', 'You are offline.']]);
  let pressed = 0;
  document.querySelector('button')?.addEventListener('click', () => (pressed += 1));
  commands[0]?.actions[0].act();
  expect(pressed).toBe(1);
  document.body.replaceChildren();
  commands[0]?.actions[0].act();
  expect(pressed).toBe(1);
});
