import type { EngineSettingsSetRequest, SettingView } from '../../bindings/wire';
import { formatCount } from '../../lib/format';
import { t } from '../../lib/words';

/** What stands in the fields that were touched; nothing in a field goes back to what holds otherwise. */
export type Entered = Record<string, string | number>;

/** Why a field cannot be saved. */
export function mistake(one: SettingView, entered: string | number | undefined): string | undefined {
  if (entered === undefined || entered === '') return undefined;
  const [number, least, most] = [Number(entered), Number(one.least ?? 0), Number(one.most ?? Number.MAX_SAFE_INTEGER)];
  if (Number.isInteger(number) && number >= least && number <= most) return undefined;
  return t('settings.engine.wrong', { least: formatCount(least), most: formatCount(most) });
}

/** What is to be set: fields that differ from what was set before. */
export function changes(settings: SettingView[], entered: Entered): EngineSettingsSetRequest['values'] {
  const values: EngineSettingsSetRequest['values'] = {};
  for (const one of settings) {
    const text = entered[one.key];
    if (text === undefined) continue;
    const value = text === '' ? null : Number(text);
    if (value !== (one.value ?? null)) values[one.key] = value;
  }
  return values;
}
