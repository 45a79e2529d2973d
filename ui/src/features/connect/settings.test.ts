import { describe, expect, it } from 'vitest';

import type { ConfigField, ConnectorDetail } from '../../bindings/wire';
import { asked, bare, partOfAddress, settingMistake } from './settings';

const field = (key: string, more: Partial<ConfigField> = {}): ConfigField => ({ key, label: key, type: 'text', required: false, ...more });

describe('settings', () => {
  it('are asked for where the one that decides has the value', () => {
    const fields = [
      field('kind', { type: 'enum', options: ['cloud', 'own'], default: 'cloud' }),
      field('host', { visibleWhen: { field: 'kind', equals: 'own' } }),
      field('secure', { type: 'bool', visibleWhen: { field: 'host', equals: 'a' } }),
      field('port', { type: 'number', visibleWhen: { field: 'secure', equals: true } }),
      field('version', { hidden: true, default: 'v2' }),
    ];
    const keys = (settings: Record<string, string>) => asked(fields, settings).map((one) => one.key);
    expect(keys({})).toEqual(['kind']);
    expect(keys({ kind: 'own' })).toEqual(['kind', 'host']);
    expect(keys({ kind: 'own', host: 'a', secure: 'true' })).toEqual(['kind', 'host', 'secure', 'port']);
    expect(keys({ kind: 'cloud', host: 'a', secure: 'true' })).toEqual(['kind']);
  });

  it('lose what stands around them anyway', () => {
    const site = field('site', { prefix: 'https://', suffix: '.desk.example', pattern: '[a-z]+', required: true });
    for (const text of ['acme', ' https://acme.desk.example/ ', 'acme.desk.example']) {
      expect(bare(site, text)).toBe('acme');
      expect(settingMistake(site, text)).toBeUndefined();
    }
    expect(settingMistake(site, 'https://.desk.example')).toBeDefined();
  });

  it('that decide about a part of the address are asked early too', () => {
    const settings = [field('kind'), field('site', { visibleWhen: { field: 'kind', equals: 'own' } }), field('note')];
    const detail = { baseUrl: 'https://{{config.site}}.example', settings } as unknown as ConnectorDetail;
    expect(settings.filter((one) => partOfAddress(detail, one)).map((one) => one.key)).toEqual(['kind', 'site']);
  });
});
