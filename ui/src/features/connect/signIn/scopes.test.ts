import { describe, expect, it } from 'vitest';

import type { ConnectorDetail, OAuthDetail } from '../../../bindings/wire';
import { chosenBefore, isChosen, lostWithout, scopeRows, switched, usesOf } from './scopes';

const detail = {
  streams: [{ id: 'issues', title: 'Issues', scopes: ['read'], private: [] }],
  operations: [
    { id: 'create', title: 'Create', scopes: ['read', 'write'], effect: true },
    { id: 'list', title: 'List', scopes: ['read'], effect: false },
    { id: 'ping', title: 'Ping', scopes: [], effect: false },
  ],
} as unknown as ConnectorDetail;
const oauth: OAuthDetail = {
  grant: 'authorization_code', registers: false, redirectUris: [], page: null, always: ['profile'],
  scopes: [{ name: 'read', label: 'See issues', access: 'read' }],
};
const uses = usesOf(detail);
const names = (chosen: string[] | undefined) => scopeRows(oauth, uses, chosen).map((row) => [row.scope, row.label, row.access]);

describe('permissions', () => {
  it('follow from what is chosen, in plain words and with what only reads first', () => {
    expect(uses.map((use) => use.id)).toEqual(['issues', 'list', 'ping', 'create']);
    expect(names(undefined)).toEqual([['profile', 'profile', 'read'], ['read', 'See issues', 'read'], ['write', 'write', 'write']]);
    expect(names(['list'])).toEqual([['profile', 'profile', 'read'], ['read', 'See issues', 'read']]);
    expect(names(['ping'])).toEqual([['profile', 'profile', 'read']]);
    expect(names([])).toEqual([['profile', 'profile', 'read']]);
  });

  it('are all asked for again once everything is chosen again', () => {
    const without = switched(uses, undefined, 'create');
    expect(without).toEqual(['issues', 'list', 'ping']);
    expect(isChosen(without, 'create')).toBe(false);
    expect(switched(uses, without, 'create')).toBeUndefined();
    expect(switched(uses, ['list'], 'list')).toEqual([]);
  });

  it('that are missing take with them what needs them, of what was chosen', () => {
    expect(lostWithout(uses, undefined, ['write']).map((use) => use.id)).toEqual(['create']);
    expect(lostWithout(uses, ['list'], ['write'])).toEqual([]);
    expect(lostWithout(uses, undefined, ['read']).map((use) => use.id)).toEqual(['issues', 'list', 'create']);
  });

  it('that a connection has say what it was chosen for', () => {
    expect(chosenBefore(uses, ['read', 'write', 'profile'])).toBeUndefined();
    expect(chosenBefore(uses, ['read', 'profile'])).toEqual(['issues', 'list', 'ping']);
    expect(chosenBefore(uses, []), 'the service did not tell').toBeUndefined();
  });
});
