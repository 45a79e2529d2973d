// A page of another origin, in the browser that has the interface open, tries to reach the engine.
import { createServer } from 'node:http';
import { assert, facts, rpc, walk } from './support.mjs';

const before = await rpc('run_list', { offset: 0 });
const evil = createServer((_, answer) => {
  answer.setHeader('Content-Type', 'text/html');
  answer.end('<!doctype html><title>evil</title><body>');
});
await new Promise((ready) => evil.listen(0, '127.0.0.1', ready));

await walk(
  async ({ open, browser }) => {
    await open({ path: '/chains' });
    const context = browser.contexts()[0];
    const page = await context.newPage();
    // Same site, other port: what SameSite and friends do not see.
    for (const host of ['127.0.0.1', 'localhost']) {
      await page.goto(`http://${host}:${evil.address().port}/`);
      const reached = await page.evaluate(async (port) => {
        const found = [];
        const body = JSON.stringify({ workspace: 'default', command: 'chain_list', request: {} });
        for (const target of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://0.0.0.0:${port}`]) {
          for (const options of [
            { method: 'POST', body },
            { method: 'POST', body, mode: 'no-cors' },
            { method: 'POST', body, headers: { 'Content-Type': 'application/json' } },
            { method: 'POST', body, headers: { 'Content-Type': 'text/plain' }, credentials: 'include' },
          ]) {
            try {
              const answer = await fetch(`${target}/rpc`, options);
              if (answer.type !== 'opaque') found.push(`${target} ${answer.status} ${await answer.text()}`);
            } catch {
              // Refused, as it should be.
            }
          }
          try {
            const answer = await fetch(`${target}/`);
            found.push(`${target}/ ${answer.status}`);
          } catch {
            // Refused, as it should be.
          }
        }
        const frame = document.createElement('iframe');
        frame.src = `http://127.0.0.1:${port}/`;
        document.body.append(frame);
        await new Promise((done) => { frame.onload = done; setTimeout(done, 2000); });
        try {
          if (frame.contentDocument?.querySelector('#root')) found.push('framed');
        } catch {
          // Of another origin.
        }
        const form = document.createElement('form');
        form.method = 'post';
        form.enctype = 'text/plain';
        form.action = `http://127.0.0.1:${port}/rpc`;
        form.target = 'nowhere';
        const input = document.createElement('input');
        input.name = body;
        form.append(input);
        document.body.append(form);
        form.submit();
        await new Promise((done) => setTimeout(done, 500));
        return found;
      }, facts.port);
      assert.deepEqual(reached, [], host);
      assert.equal(await page.evaluate(() => (document.querySelector('iframe')?.contentWindow?.length ?? 0)), 0);
    }
    assert.deepEqual(await rpc('run_list', { offset: 0 }), before);
  },
  { expected: [/.*/] },
);
evil.close();
