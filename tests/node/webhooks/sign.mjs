// Signs one delivery with a vendor's own package: sign.mjs VENDOR SECRET [BODY]. Prints {headers, body}.
import { createRequire } from 'node:module';
import { createHmac, randomUUID } from 'node:crypto';

const require = createRequire(import.meta.url);
const [, , vendor, secret, given] = process.argv;
const body = given ?? JSON.stringify({ id: randomUUID(), action: 'opened', type: 'event_callback', event: { type: 'other' } });
const at = new Date();
const seconds = String(Math.floor(at.getTime() / 1000));

const signers = {
  async github() {
    const { sign, verify } = await import('@octokit/webhooks-methods');
    const signature = await sign(secret, body);
    if (!(await verify(secret, body, signature))) throw new Error('the package does not take its own signature');
    return { 'x-github-event': 'issues', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': signature };
  },
  async stripe() {
    const Stripe = require('stripe');
    const client = new (Stripe.default ?? Stripe)('not-a-key');
    return { 'stripe-signature': client.webhooks.generateTestHeaderString({ payload: body, secret }) };
  },
  async standardwebhooks() {
    const { Webhook } = require('standardwebhooks');
    const id = `msg_${randomUUID()}`;
    return {
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
  },
  async svix() {
    const { Webhook } = require('svix');
    const id = `msg_${randomUUID()}`;
    return { 'svix-id': id, 'svix-timestamp': seconds, 'svix-signature': new Webhook(secret).sign(id, at, body) };
  },
  async slack() {
    // Its package only checks: what it takes was signed as it wants.
    const { verifySlackRequest } = require('@slack/bolt/dist/receivers/verify-request.js');
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${seconds}:${body}`).digest('hex')}`;
    const headers = { 'x-slack-request-timestamp': seconds, 'x-slack-signature': signature };
    verifySlackRequest({ signingSecret: secret, body, headers, nowMilliseconds: at.getTime() });
    return headers;
  },
};

const headers = await signers[vendor]();
console.log(JSON.stringify({ headers, body }));
