// A service that nobody here trusts: the wizard leads to the network's settings, and coming back everything typed
// is still there. With the company's authority the same test goes through.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clean } from './axe.mjs';
import { assert, button, facts, focused, rpc, walk } from './support.mjs';

const folder = mkdtempSync(join(tmpdir(), 'authority-'));
const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
openssl('req', '-x509', ...curve, '-days', '2', '-subj', '/CN=Company', '-keyout', 'company.key', '-out', 'company.pem');
openssl('req', '-new', ...curve, '-subj', '/CN=localhost', '-keyout', 'service.key', '-out', 'service.csr');
writeFileSync(join(folder, 'service.ext'), 'subjectAltName=DNS:localhost\n');
openssl('x509', '-req', '-in', 'service.csr', '-CA', 'company.pem', '-CAkey', 'company.key', '-CAcreateserial', '-days', '2', '-extfile', 'service.ext', '-out', 'service.pem');
const read = (name) => readFileSync(join(folder, name));
const company = read('company.pem');

// The sandbox's own tool, behind that certificate.
const target = new URL(facts.access.chatUrl);
let passed = 0;
const service = https.createServer({ key: read('service.key'), cert: read('service.pem') }, (request, response) => {
  passed += 1;
  const { host: _, ...headers } = request.headers;
  const on = http.request({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  request.pipe(on);
});
await new Promise((done) => service.listen(0, '127.0.0.1', done));
rmSync(folder, { recursive: true });

try {
  await walk(async ({ open }) => {
    const page = await open({ path: '/catalogue/sandbox-chat/connect' });
    const wizard = page.getByRole('dialog', { name: /Connect/ });
    const key = wizard.locator('input[type=password]').first();
    await key.fill(facts.access.chatKey);
    await wizard.getByText('Advanced', { exact: true }).click();
    const address = wizard.getByLabel(/address/i).first();
    await address.fill(`https://localhost:${service.address().port}${target.pathname === '/' ? '' : target.pathname}`);
    await wizard.getByRole('checkbox').check();
    const forward = button(wizard, 'Continue');
    await forward.click();
    const problem = wizard.getByTestId('problem');
    await problem.getByText(/is not trusted/).waitFor();
    assert.equal(passed, 0, 'nothing was sent');
    const settings = button(problem, 'Network settings');
    await focused(settings, 'what can be done next has the focus');
    await settings.click();
    const network = page.getByRole('dialog', { name: 'Network' });
    await network.getByText('Trusted are the authorities').waitFor();
    await clean(page, 'network beside the wizard');
    // Escape closes this one alone, and asks nothing.
    await page.keyboard.press('Escape');
    await network.waitFor({ state: 'detached' });
    await problem.waitFor();
    await settings.click();
    await network.locator('input[type=file]').setInputFiles({ name: 'company.pem', mimeType: 'text/plain', buffer: company });
    await button(network, 'Save').click();
    await network.getByText('One authority from company.pem').waitFor();
    await button(network, 'Back to connecting').click();
    await network.waitFor({ state: 'detached' });
    assert.equal((await rpc('network_show')).certificates, 1);
    // What was typed is still there, the key too.
    await button(wizard, 'Back').click();
    assert.equal(await key.inputValue(), facts.access.chatKey);
    assert.match(await address.inputValue(), /^https:\/\/localhost:/);
    await forward.click();
    await wizard.getByText('OK', { exact: true }).first().waitFor();
    assert.ok(passed > 0, 'the same address is reached now');
    await forward.click();
    await button(wizard, 'Finish').click();
    await wizard.getByText(/What next/).waitFor();
  });
} finally {
  service.close();
  service.closeAllConnections();
}
