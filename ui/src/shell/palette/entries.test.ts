import { describe, expect, it } from 'vitest';

import type { ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { connectionCommands } from './entries';
import { t } from '../../lib/words';

const connection = (origins: string[]) => ({ id: 'c1', name: 'Tracker', connector: 'tracker', auth: 'key', origins, paused: false }) as unknown as ConnectionView;
const tool = { id: 'tracker', name: 'Tracker', auth: [{ id: 'key', method: 'api_key' }], streams: ['issues'] } as unknown as ConnectorSummary;
const doing = { go: () => undefined, test: () => undefined, sync: () => undefined, pause: () => undefined } as unknown as Parameters<typeof connectionCommands>[3];

/** Which commands cannot be used, and why. */
const off = (origins: string[], online: boolean) =>
  connectionCommands([connection(origins)], new Map([['tracker', tool]]), online, doing).flatMap((one) => (one.why === undefined ? [] : [`${one.id}: ${one.why}`]));

describe('commands of connections without a network', () => {
  it('says so where the service is elsewhere, and not where it is on this computer', () => {
    const why = t('shell.palette.why.offline');
    expect(off(['https://api.example.com'], false)).toEqual([`test c1: ${why}`, `sync c1: ${why}`, `key c1: ${why}`]);
    expect(off(['http://127.0.0.1:8080', 'http://localhost:9'], false)).toEqual([]);
    expect(off(['http://127.0.0.1:8080', 'https://api.example.com'], false)).toHaveLength(3);
    expect(off(['https://api.example.com'], true)).toEqual([]);
  });
});
