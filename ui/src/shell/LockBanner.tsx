import { Button, PasswordInput } from '@mantine/core';
import { Lock } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';

import type { SecretsStatus } from '../bindings/wire';
import { useDo } from '../engine';
import { visible } from '../lib/format';
import { t } from '../lib/words';
import { toProblem } from '../platform';
import { BusyButton } from '../ui/BusyButton';

/** What locks the secrets waits for the user: a passphrase here, the keyring outside. */
export default function LockBanner({ status }: { status: SecretsStatus }) {
  const [passphrase, setPassphrase] = useState('');
  const [, go] = useLocation();
  const unlock = useDo('secrets_unlock', { touches: ['secrets_status', 'health'], onSuccess: () => setPassphrase('') });
  const asks = status.store === 'passphrase' && status.state === 'locked';
  const problem = unlock.isError ? toProblem(unlock.error) : undefined;
  const error = problem && (problem.code === 'PASSPHRASE_WRONG' ? t('shell.lock.wrong') : visible(problem.hint));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!unlock.isPending && (!asks || passphrase)) unlock.mutate(asks ? { passphrase } : {});
  };
  const words = status.state === 'unavailable' ? 'shell.lock.unavailable' : asks ? 'shell.lock.passphrase' : 'shell.lock.keyring';
  return (
    <section className="banner lock" aria-label={t('shell.lock.title')} data-testid="lock-banner">
      <Lock size={16} aria-hidden />
      <span className="lock-words" role="status">
        <strong>{t('shell.lock.title')}.</strong> {t(words)}
      </span>
      <form className="lock-form" onSubmit={submit}>
        {asks && (
          <PasswordInput
            size="xs"
            aria-label={t('shell.lock.label')}
            placeholder={t('shell.lock.label')}
            autoComplete="off"
            value={passphrase}
            error={error}
            onChange={(event) => {
              setPassphrase(event.currentTarget.value);
              if (unlock.isError) unlock.reset();
            }}
          />
        )}
        <BusyButton type="submit" size="xs" variant="filled" busy={unlock.isPending}>
          {t(asks ? 'shell.lock.unlock' : 'shell.lock.again')}
        </BusyButton>
        {status.state === 'unavailable' && (
          <Button size="xs" onClick={() => go('/settings/passphrase')}>
            {t('shell.lock.setPassphrase')}
          </Button>
        )}
      </form>
    </section>
  );
}
