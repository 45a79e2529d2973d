import { expect, it } from 'vitest';

import { t } from '.';

it('a name that is written from right to left keeps to itself, and turns nothing beside it', () => {
  expect(t('health.open', { name: 'תיבה' })).toBe('Details of \u2068תיבה\u2069');
  expect(t('health.open', { name: 'بريد 7' }), 'with what it holds').toBe('Details of \u2068بريد 7\u2069');
});

it('every other value stays as it is', () => {
  expect(t('health.open', { name: 'Müller 日本 🧩' })).toBe('Details of Müller 日本 🧩');
  expect(t('health.panel.times', { count: 2 })).toBe('2 times');
});
