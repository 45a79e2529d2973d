// What is measured of the interface, for any browser: each step is a script that runs in the page and says
// when it is through. Its cost is what the page's process used of the processor meanwhile.

/** Helpers that every script begins with. */
const BEGIN = `
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const until = async (ready) => { for (let n = 0; n < 600; n += 1) { const got = ready(); if (got) return got; await frame(); } throw new Error('it does not come: ' + ready); };
  const to = (hash) => { location.hash = hash; };
  const blank = (frameAt, rowsAt) => {
    const box = document.querySelector(frameAt).getBoundingClientRect();
    const seen = [...document.querySelectorAll(rowsAt)].filter((row) => row.getBoundingClientRect().bottom > box.top && row.getBoundingClientRect().top < box.bottom);
    return seen.length < 5 || seen.some((row) => row.textContent.trim() === '');
  };
`;

const LONG = (steps) => `
  const link = await until(() => [...document.querySelectorAll('main a')].find((one) => one.textContent.trim() === 'Long ${steps}'));
  link.click();
  await until(() => document.querySelector('[data-step]'));
  await frame();
  await frame();
  return 1;
`;

const SCROLL = (frameAt, rowsAt, times) => `
  const list = document.querySelector('${frameAt}');
  let empty = 0;
  for (let n = 1; n <= ${times}; n += 1) {
    list.scrollTop = (list.scrollHeight * n) / ${times};
    await frame();
    await frame();
    if (blank('${frameAt}', '${rowsAt}')) empty += 1;
  }
  return { times: ${times}, note: empty + ' of ${times} screens with a blank row' };
`;

/** Name, bar in milliseconds for each time, what goes before, what is measured; the script gives how many times. */
export const STEPS = [
  {
    name: 'a keystroke among 1,000 connectors',
    bar: 100,
    before: `to('/catalogue'); await until(() => document.querySelectorAll('[data-testid=card]').length > 8); await frame(); return 1;`,
    script: `
      const field = document.querySelector('[data-page-search]');
      const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
      const text = 'tool 49';
      let most = 0;
      for (let n = 1; n <= text.length; n += 1) {
        set.call(field, text.slice(0, n));
        field.dispatchEvent(new Event('input', { bubbles: true }));
        await frame();
        await frame();
        most = Math.max(most, document.querySelectorAll('[data-testid=card]').length);
      }
      return { times: text.length, note: most + ' cards in the page (bar: 60)' };
    `,
  },
  { name: 'a chain of 200 steps opens', bar: 400, before: `to('/chains'); await until(() => document.body.textContent.includes('Long 200')); await frame(); return 1;`, script: LONG(200) },
  { name: 'a chain of 500 steps opens', bar: 900, before: `to('/chains'); await until(() => document.body.textContent.includes('Long 500')); await frame(); return 1;`, script: LONG(500) },
  { name: 'a scroll through 10,000 runs', before: `to('/runs'); await until(() => document.querySelector('.runs-table tbody tr[data-index]')); await frame(); return 1;`, script: SCROLL('.runs-scroll', '.runs-table tbody tr[data-index]', 40) },
  { name: 'a scroll through the signals', before: `to('/inbox'); await until(() => document.querySelector('.ib-item')); await frame(); return 1;`, script: SCROLL('.ib-scroll', '.ib-item', 40) },
  { name: 'a page at rest, in a second', bar: 100, before: `to('/health'); await frame(); return 1;`, script: `await new Promise((done) => setTimeout(done, 3000)); return 3;` },
];

/** A script as the body of an async function. */
export const whole = (script) => `return (async () => { ${BEGIN} ${script} })();`;

/** Says a figure beside its bar. */
export function say({ name, bar }, spent, result) {
  const { times, note } = typeof result === 'number' ? { times: result, note: '' } : result;
  const each = spent / times;
  console.log(`${name.padEnd(38)} ${each.toFixed(1).padStart(8)} ms${bar ? ` (bar: ${bar} ms)` : ''}${note ? `; ${note}` : ''}`);
}
