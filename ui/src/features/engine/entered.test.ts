import { describe, expect, it } from 'vitest';

import type { SettingView } from '../../bindings/wire';
import { changes, mistake } from './entered';

const setting = (value: number | null): SettingView => ({ key: 'answerSeconds', value, usual: 60, from: 'usual', least: 1, most: 600, choices: [] });

describe('settings that are entered', () => {
  it('are sent where they differ from what was set', () => {
    expect(changes([setting(null)], {})).toEqual({});
    expect(changes([setting(null)], { answerSeconds: 30 })).toEqual({ answerSeconds: 30 });
    expect(changes([setting(30)], { answerSeconds: '30' })).toEqual({});
  });

  it('go back to what holds otherwise where a field is emptied', () => {
    expect(changes([setting(30)], { answerSeconds: '' })).toEqual({ answerSeconds: null });
    expect(changes([setting(null)], { answerSeconds: '' })).toEqual({});
  });

  it('are whole numbers within their bounds', () => {
    for (const odd of [0, 601, 1.5, '-']) expect(mistake(setting(null), odd)).toBeTruthy();
    for (const good of [1, '600', '', undefined]) expect(mistake(setting(null), good)).toBeUndefined();
  });
});
