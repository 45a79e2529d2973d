import { expect, it } from 'vitest';

import type { ConnectorSummary } from '../../bindings/wire';
import { entriesOf, matching } from './search';
import { EVERYTHING } from './view';

const tool = (id: string, own: Partial<ConnectorSummary>): ConnectorSummary => ({
  id, name: id, description: '', category: 'communication', version: '1.0.0', auth: [], requiredSettings: [], streams: [], webhook: false, operations: [], icon: null, sandbox: false, mine: false, ...own,
});
const ALL = entriesOf([tool('reads', { streams: ['messages'] }), tool('tells', { webhook: true }), tool('both', { streams: ['messages'], webhook: true }), tool('acts', {})], []);
const found = (own: Partial<typeof EVERYTHING>) => matching(ALL, { ...EVERYTHING, ...own }).map(({ connector }) => connector.id);

it.each<[string, Partial<typeof EVERYTHING>, string[]]>([
  ['nothing', {}, ['reads', 'tells', 'both', 'acts']],
  ['those that tell by webhook', { webhook: true }, ['tells', 'both']],
  ['those that are asked', { polling: true }, ['reads', 'both']],
  ['both', { webhook: true, polling: true }, ['both']],
])('the catalogue narrowed to %s has only those', (_, own, ids) => {
  expect(found(own)).toEqual(ids);
});
