import type { AuthDetail, ConfigField } from '../../bindings/wire';
import { t } from '../../lib/words';
import type { Draft } from './draft';
import { BASE_URL, isAddress, settingMistake, type Mistakes } from './settings';
import type { Step } from './Steps';

interface Form {
  draft: Draft;
  method: AuthDetail | undefined;
  /** Settings that are asked for before signing in. */
  early: ConfigField[];
  /** Those that are asked for after it. */
  late: ConfigField[];
  /** What is left empty stays as it was entered once. */
  keepsSecrets: boolean;
}

/** What is missing or wrong in a step, by field. */
export function mistakesIn(step: Step, { draft, method, early, late, keepsSecrets }: Form): Mistakes {
  const found: [string, string | undefined][] = [];
  if (step === 'signIn') {
    for (const field of method?.fields ?? []) found.push([field.key, field.required && !keepsSecrets && !draft.secrets[field.key]?.trim() ? t('connect.needed') : undefined]);
    for (const field of early) found.push([field.key, settingMistake(field, draft.settings[field.key] ?? '')]);
    const address = draft.baseUrl.trim();
    if (address && !address.includes('{{') && !isAddress(address)) found.push([BASE_URL, t('connect.addressWrong')]);
  }
  if (step === 'setUp') for (const field of late) found.push([field.key, settingMistake(field, draft.settings[field.key] ?? '')]);
  if (step === 'done' && !draft.name.trim()) found.push(['name', t('connect.needed')]);
  return Object.fromEntries(found.flatMap(([key, why]) => (why ? [[key, why]] : [])));
}
