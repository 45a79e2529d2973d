import { PasswordInput } from '@mantine/core';
import { useState } from 'react';

import { t } from '../../lib/words';

/** Fewer characters are refused, by the engine too. */
const SHORTEST = 12;

/** A passphrase that is being chosen: typed twice. */
export interface Chosen {
  first: string;
  second: string;
}

export const EMPTY: Chosen = { first: '', second: '' };

/** Why it cannot be taken; none where it can. */
export function fault(chosen: Chosen): { first?: string; second?: string } | undefined {
  if ([...chosen.first].length < SHORTEST) return { first: t('settings.tooShort') };
  if (chosen.first !== chosen.second) return { second: t('settings.differs') };
  return undefined;
}

interface Props {
  chosen: Chosen;
  /** Shows what is wrong, after the user wanted to go on. */
  strict: boolean;
  error?: string | undefined;
  /** What the first field is called; `data-autofocus` is on it unless it comes after another. */
  label?: string;
  follows?: boolean;
  onChange: (chosen: Chosen) => void;
}

/** Both fields, with how far it is to a good one. */
export function NewPassphrase({ chosen, strict, error, label = t('settings.passphrase'), follows = false, onChange }: Props) {
  const [shown, setShown] = useState(false);
  const wrong = strict ? fault(chosen) : undefined;
  const missing = SHORTEST - [...chosen.first].length;
  const progress = chosen.first === '' ? '' : missing > 0 ? t('settings.more', { count: missing }) : t('settings.long');
  return (
    <>
      <PasswordInput
        {...(follows ? {} : { 'data-autofocus': true })}
        label={label}
        description={t('settings.hint')}
        autoComplete="new-password"
        value={chosen.first}
        error={error ?? wrong?.first}
        visible={shown}
        onVisibilityChange={setShown}
        onChange={(event) => onChange({ ...chosen, first: event.currentTarget.value })}
      />
      <p className={missing > 0 ? 'meta' : 'meta st-good'} role="status">
        {progress}
      </p>
      <PasswordInput
        label={t('settings.again')}
        autoComplete="new-password"
        value={chosen.second}
        error={wrong?.second}
        visible={shown}
        onVisibilityChange={setShown}
        onChange={(event) => onChange({ ...chosen, second: event.currentTarget.value })}
      />
    </>
  );
}
