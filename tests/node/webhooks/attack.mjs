// A page of another origin tries to reach the webhook gateway: attack.mjs PORT PATH. The address is known
// to it, which no page should. Prints how many ways it tried; whether one got through, the gateway knows.
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const [, , port, path] = process.argv;
const evil = createServer((_, answer) => {
  answer.setHeader('Content-Type', 'text/html');
  answer.end('<!doctype html><title>evil</title><body>');
});
await new Promise((ready) => evil.listen(0, '127.0.0.1', ready));
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP rebound.test 127.0.0.1',
  ],
});
const page = await browser.newPage();
let tried = 0;

// What a page can send of its own accord, to every way of writing this computer's name.
const attack = async ({ port, path, own }) => {
  let tried = 0;
  const body = '{"id":"evil"}';
  const hosts = own ? [''] : [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://0.0.0.0:${port}`, `http://[::1]:${port}`];
  for (const host of hosts) {
    const target = host + path;
    for (const options of [
      { method: 'POST', body },
      { method: 'POST', body, mode: 'no-cors' },
      { method: 'POST', body, mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } },
      { method: 'POST', body, headers: { 'Content-Type': 'application/json' } },
      { method: 'POST', body, mode: 'no-cors', keepalive: true, credentials: 'include', referrerPolicy: 'no-referrer' },
      { method: 'GET', mode: 'no-cors' },
    ]) {
      tried += 1;
      try {
        await fetch(target, options);
      } catch {
        // The browser, or the gateway, refused.
      }
    }
    tried += 1;
    navigator.sendBeacon(target, new Blob([body], { type: 'text/plain' }));
    for (const enctype of ['text/plain', 'application/x-www-form-urlencoded']) {
      tried += 1;
      const frame = document.createElement('iframe');
      frame.name = `f${tried}`;
      document.body.append(frame);
      const form = document.createElement('form');
      form.method = 'post';
      form.enctype = enctype;
      form.action = target;
      form.target = frame.name;
      const input = document.createElement('input');
      input.name = '{"id":"evil","x":"';
      input.value = '"}';
      form.append(input);
      document.body.append(form);
      form.submit();
    }
    tried += 1;
    const image = new Image();
    image.src = target;
  }
  await new Promise((done) => setTimeout(done, 1500));
  return tried;
};

for (const host of ['127.0.0.1', 'localhost', 'rebound.test']) {
  await page.goto(`http://${host}:${evil.address().port}/`);
  tried += await page.evaluate(attack, { port, path });
}
// A name that was the page's own a moment ago and now leads here: same origin, and the browser says nothing.
const own = `http://rebound.test:${port}/`;
await page.route(own, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><body>' }));
await page.goto(own);
tried += await page.evaluate(attack, { port, path, own: true });
await browser.close();
evil.close();
console.log(`ways tried: ${tried}`);
