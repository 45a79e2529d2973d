// The pretend tracker's own pages: somebody allows, does not, and enters a device's code; another
// page cannot answer in their place.
import { createServer } from 'node:http';
import { SHOTS, violations } from './axe.mjs';
import { assert, facts, walk } from './support.mjs';

/** A server of another origin: the program that asked, or a page that means ill. Sees what somebody goes to, not
 *  the icon that the browser asks for when it likes. */
async function listen(html) {
  const seen = [];
  const server = createServer((request, response) => {
    if (request.url !== '/favicon.ico') seen.push(request);
    response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { origin: `http://127.0.0.1:${server.address().port}`, seen, close: () => server.close() };
}

const program = await listen('<!doctype html><title>Back</title><h1>Back</h1>');
const evil = await listen(
  `<!doctype html><title>Evil</title><form method="post" action="${facts.tracker}/oauth/consent"><input name="answer" value="deny"><button>Win</button></form>`,
);
const address = `${facts.tracker}/oauth/authorize?${new URLSearchParams({
  client_id: 'patchbay',
  response_type: 'code',
  redirect_uri: `${program.origin}/cb/x1`,
  scope: 'issues:read issues:write',
  state: 's-1',
  // RFC 7636, appendix B.
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
})}`;

await walk(async ({ browser }) => {
  for (const scheme of ['light', 'dark']) {
    for (const width of [900, 320]) {
      const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 760 } });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      const trouble = [];
      page.on('pageerror', (error) => trouble.push(error.message));
      page.on('console', (message) => trouble.push(message.text()));
      page.on('request', (request) => {
        if (new URL(request.url()).hostname !== '127.0.0.1') trouble.push(request.url());
      });
      const clean = async (name) => {
        const found = await violations(page, ['best-practice']);
        assert.deepEqual(found.map((one) => one.id), [], `${name}, ${scheme}, ${width}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.ok(!wide, `${name} is no wider than ${width}`);
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${scheme}-${width}.png`, fullPage: true });
      };

      await page.goto(address);
      await clean('consent');
      await page.getByRole('radio', { name: /Noor/ }).check();
      await page.getByRole('button', { name: 'Allow', exact: true }).press('Enter');
      await page.getByRole('heading', { name: 'Back' }).waitFor();
      const back = program.seen.find((request) => request.url.startsWith('/cb/x1?code='));
      const answer = new URL(back.url, program.origin).searchParams;
      assert.equal(answer.get('state'), 's-1');
      assert.equal(answer.get('iss'), facts.tracker);
      const { origin, referer, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = back.headers;
      assert.deepEqual([back.method, origin, referer, mode, dest], ['GET', undefined, undefined, 'navigate', 'document']);
      program.seen.length = 0;

      await page.goto(address);
      await page.getByRole('button', { name: 'Do not allow' }).click();
      await page.getByRole('heading', { name: 'Back' }).waitFor();
      assert.match(program.seen[0].url, /error=access_denied/);
      program.seen.length = 0;

      const device = await fetch(`${facts.tracker}/oauth/device`, { method: 'POST', body: new URLSearchParams({ client_id: 'patchbay' }) });
      const { user_code: code, verification_uri: at } = await device.json();
      await page.goto(at);
      await page.getByLabel('Code').fill('XXXX-XXXX');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('No device waits with this code').waitFor();
      await clean('device');
      await page.getByLabel('Code').fill(code.toLowerCase());
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.getByText('You can close this page').waitFor();
      await clean('allowed');
      assert.deepEqual(trouble, []);

      await page.goto(evil.origin);
      const refused = page.waitForResponse(/consent/);
      await page.getByRole('button', { name: 'Win' }).click();
      assert.equal((await refused).status(), 403);
      await context.close();
    }
  }
});
program.close();
evil.close();
process.exit(0);
