import { describe, expect, it } from 'vitest';

import { isHere } from './reach';

describe('what is reached without a network', () => {
  it('is on this computer alone', () => {
    const cases: [string[], boolean][] = [
      [['http://127.0.0.1:4310'], true],
      [['http://localhost:8080', 'http://[::1]:9'], true],
      [['file:///home/amira/Notes'], true],
      [[], true],
      [['https://api.example.com'], false],
      [['http://127.0.0.1:4310', 'https://api.example.com'], false],
      [['https://localhost.example.com'], false],
      [['what is this'], false],
    ];
    for (const [origins, here] of cases) expect(isHere(origins), origins.join(' ')).toBe(here);
  });
});
