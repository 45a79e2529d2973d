import { expect, it } from 'vitest';

import { diagnostics, type Known } from './diagnostics';

/** Everything that a person chose or a service said has this in it. */
const PRIVATE = 'amira-secret';

it('tells states and sizes, and nothing that somebody chose or a service said', () => {
  const problem = { code: 'AUTH_REVOKED', title: PRIVATE, hint: PRIVATE, detail: PRIVATE, params: { host: PRIVATE } };
  const known = {
    about: { version: '1.2.3', installed: 'package', system: 'linux x86_64', dataFolder: `/home/${PRIVATE}`, databaseBytes: 4096, copies: 2, copiesBytes: 8192, proxies: [PRIVATE] },
    health: {
      workspace: PRIVATE,
      storage: [{ ...problem, code: 'STORAGE_FULL' }],
      runsActive: 1,
      runsNeedYou: 2,
      runsInterrupted: 3,
      connections: [{ name: PRIVATE, state: 'error', lastError: problem }, { name: PRIVATE, state: 'error', lastError: null }],
    },
    secrets: { store: 'keyring', state: 'unlocked', secrets: [{ connection: PRIVATE }] },
    queues: { queues: [{ depth: 4, running: 5, dead: 6 }, { depth: 1, running: 0, dead: 0 }] },
    gateway: { enabled: true, listening: null, port: 8787, publicUrl: `https://${PRIVATE}.example`, problem: null },
    logs: { level: 'info', folder: `/home/${PRIVATE}` },
    page: { host: 'browser', agent: 'agent', language: 'en-GB', zone: 'UTC', size: '1280 × 800, 1', theme: 'auto', motion: 'usual', contrast: 'usual' },
  } as unknown as Known;
  const text = diagnostics(known);
  expect(text).not.toContain(PRIVATE);
  expect(text).toContain('Patchbay: 1.2.3, package');
  expect(text).toContain('Connections: 2 error');
  expect(text).toContain('Last problems: 1 AUTH_REVOKED');
  expect(text).toContain('Storage problems: 1 STORAGE_FULL');
  expect(text).toContain('Background work: 5 waiting, 5 running, 6 given up');
});
