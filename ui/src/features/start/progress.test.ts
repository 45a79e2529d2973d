import { expect, it } from 'vitest';

import { firstSteps, type Seen } from './progress';

const seen = (change: Partial<Seen>): Seen => ({ connectors: [], sandbox: new Set(['sandbox-chat']), chains: [], sandboxChain: null, runs: 0, ...change });

it('tells the first steps from what is there', () => {
  const cases: [string, Partial<Seen>, string][] = [
    ['nothing yet', {}, ''],
    ['the sandbox and its chain', { connectors: ['sandbox-chat'], chains: ['a'] }, 'sandbox'],
    ['a run', { connectors: ['sandbox-chat'], chains: ['a'], runs: 1 }, 'sandbox run'],
    ['a chain of one’s own', { connectors: ['sandbox-chat'], chains: ['a', 'b'] }, 'sandbox build'],
    ['the sandbox’s chain was deleted', { connectors: ['sandbox-chat'], chains: ['b'], sandboxChain: 'a' }, 'sandbox build'],
    ['a real tool only', { connectors: ['github-issues'], chains: ['b'] }, 'connect build'],
  ];
  for (const [why, change, done] of cases) {
    const steps = Object.entries(firstSteps(seen(change))).flatMap(([name, is]) => (is ? [name] : []));
    expect(steps.join(' '), why).toBe(done);
  }
});
