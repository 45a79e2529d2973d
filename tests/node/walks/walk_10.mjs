// Walks 2 and 6 with the eyes shut: only keys, and only what the browser tells an assistive program: the role,
// name and description of what has the focus, and what is announced. No step knows where anything is drawn.
import { assert, rpc, walk } from './support.mjs';

await rpc('sandbox_start');
const { chains } = await rpc('chain_list');
for (const chain of chains) await rpc('chain_delete', { chain: chain.id });

/** A person with a screen reader. */
async function reader(page) {
  const client = await page.context().newCDPSession(page);
  await client.send('Accessibility.enable');
  const said = [];
  const text = (value) => value?.value ?? '';
  const property = (node, name) => node.properties?.find((one) => one.name === name)?.value;
  /** What has the focus; in a list that is worked from its field, the chosen line. */
  const focus = async () => {
    const { nodes } = await client.send('Accessibility.getFullAXTree');
    const by = new Map(nodes.map((node) => [node.nodeId, node]));
    const byDom = new Map(nodes.map((node) => [node.backendDOMNodeId, node]));
    const focused = nodes.filter((node) => property(node, 'focused')?.value === true && text(node.role) !== 'RootWebArea').at(-1);
    if (!focused) return { role: 'none', name: '', description: '', active: '' };
    const active = property(focused, 'activedescendant')?.relatedNodes?.[0];
    const told = { role: text(focused.role), name: text(focused.name), description: text(focused.description), active: active ? text(byDom.get(active.backendDOMNodeId)?.name) : '' };
    assert.ok(told.name || by.size === 0, `what has the focus has a name: ${JSON.stringify(told)}`);
    return told;
  };
  return {
    focus,
    said,
    /** Goes on with a key until what has the focus is this. */
    async reach(role, name, { key = 'Tab', most = 80 } = {}) {
      const heard = [];
      // What opens takes the focus by itself, a moment later: no key is pressed meanwhile.
      for (let n = 0; n < 20 && most <= 6; n += 1) {
        const here = await focus();
        if (role.test(here.role) && name.test(here.name)) return here;
        await page.waitForTimeout(50);
      }
      for (let n = 0; n < most; n += 1) {
        const here = await focus();
        if (role.test(here.role) && name.test(here.name)) return here;
        heard.push(`${here.role} ${here.name}`);
        await page.waitForTimeout(30);
        await page.keyboard.press(key);
      }
      return assert.fail(`${role} ${name} is not reached; heard: ${heard.slice(-25).join(' | ')}`);
    },
    /** A page is come to: its title is told, and its heading has the focus. */
    async comesTo(title) {
      await page.waitForFunction((wanted) => document.title.startsWith(wanted), title);
      for (let n = 0; n < 40; n += 1) {
        const here = await focus();
        if (here.role === 'heading' && here.name === title) return;
        await page.waitForTimeout(50);
      }
      assert.fail(`${title}: the focus is on ${JSON.stringify(await focus())}`);
    },
    /** Waits until something is announced. */
    async hears(pattern) {
      await page.waitForFunction(([source, flags]) => {
        const live = [...document.querySelectorAll('[role=status], [role=alert], [aria-live]')].filter((e) => !e.closest('[aria-hidden=true]'));
        return live.some((e) => new RegExp(source, flags).test(e.textContent ?? ''));
      }, [pattern.source, pattern.flags]);
    },
    async chosen(pattern) {
      for (let n = 0; n < 30; n += 1) {
        const { active } = await focus();
        if (pattern.test(active)) return active;
        await page.waitForTimeout(100);
      }
      return assert.fail(`the chosen line is ${(await focus()).active}`);
    },
  };
}

const BUTTON = /^button$/;
const STEP = /button|option|listitem|treeitem|link/;

await walk(async ({ open }) => {
  const page = await open({ path: '/chains' });
  const { keyboard } = page;
  const ear = await reader(page);

  // Walk 2: one from nothing.
  await ear.comesTo('Chains');
  await keyboard.press('Control+n');
  await ear.reach(BUTTON, /^Add step$/);
  await keyboard.press('Enter');
  await ear.reach(/combobox/, /./, { most: 1 });
  await keyboard.type('list issues');
  await ear.chosen(/List issues/);
  await keyboard.press('Enter');
  // Where one has been brought, and from there to the steps: regions first.
  await keyboard.press('F6');
  await ear.reach(STEP, /^Step 1 of 1\b/, { key: 'Tab' });
  await keyboard.press('a');
  await ear.reach(/combobox/, /./, { most: 1 });
  await keyboard.type('send message');
  await ear.chosen(/Send (a )?message/i);
  await keyboard.press('Enter');
  await ear.hears(/1 of 2 fields matched/);
  await keyboard.press('Control+Enter');
  const run = await ear.reach(BUTTON, /^Run$/, { most: 6 });
  assert.ok(run, 'the question has its answer at hand');
  await keyboard.press('Enter');
  await ear.hears(/The run has ended: Done/);
  assert.equal((await rpc('run_report', { run: 'last' })).report.state, 'done');

  // Walk 6: what a message needs is taken away. Nothing is sent, and the way out is told.
  const { id } = await rpc('chain_import', {
    chain: { schema: 1, name: 'Tell', steps: [{ id: 'message', connection: 'Sandbox Chat', operation: 'send_message', mapping: [{ target: '/text', source: { type: 'fixed', value: 'Hello' } }] }] },
  });
  const messages = async () => (await rpc('operation_call', { name: 'Sandbox Chat', operation: 'list_messages', params: {} })).result.length;
  const before = await messages();
  const runs = async () => (await rpc('run_list', { offset: 0 })).total;
  const ran = await runs();
  await keyboard.press('Control+k');
  await ear.reach(/combobox/, /./, { most: 1 });
  await keyboard.type('open tell');
  await ear.chosen(/^Open Tell/);
  await keyboard.press('Enter');
  await ear.comesTo('Tell');
  await ear.reach(STEP, /^Step 1 of 1\b/);
  await keyboard.press('Enter');
  await ear.reach(BUTTON, /comes from/);
  await keyboard.press('Enter');
  await ear.reach(BUTTON, /^Let Patchbay choose$/);
  await keyboard.press('Enter');
  await ear.hears(/0 of \d+ fields matched/);
  await keyboard.press('Control+Enter');
  await ear.hears(/1 thing to mend/);
  assert.equal(await runs(), ran, 'a run with a blocker never starts');
  await ear.reach(BUTTON, /^(Fix|Choose|Show step)/);
  await keyboard.press('Enter');
  await page.waitForTimeout(300);
  // Either the choice is open, or the field has the focus and opens it.
  if (!(await page.getByRole('dialog').count())) {
    await ear.reach(BUTTON, /comes from/);
    await keyboard.press('Enter');
  }
  await ear.reach(/radio|tab/, /^Fixed value$/, { key: 'ArrowRight', most: 1 }).catch(() => ear.reach(/radio|tab/, /./));
  await ear.reach(/radio|tab/, /^Fixed value$/, { key: 'ArrowRight', most: 6 });
  await ear.reach(/textbox/, /Fixed value|value/i);
  await keyboard.type('Heard, not seen');
  await ear.reach(BUTTON, /^Use this$/);
  await keyboard.press('Enter');
  await ear.hears(/1 of \d+ fields matched/);
  await keyboard.press('Control+Enter');
  await ear.reach(BUTTON, /^Run$/, { most: 6 });
  await keyboard.press('Enter');
  await ear.hears(/The run has ended: Done/);
  assert.equal(await messages(), before + 1);
});
