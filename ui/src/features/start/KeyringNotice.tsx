import { Button } from '@mantine/core';
import { KeyRound } from 'lucide-react';
import { useLocation } from 'wouter';

import { t } from '../../lib/words';
import { CopyButton } from '../../ui/CopyButton';

const START_SERVICE = 'systemctl --user start gnome-keyring-daemon';
/** Asked for, so that it stays out of the terminal's history. */
const WITH_PASSPHRASE = 'read -rs PATCHBAY_PASSPHRASE && export PATCHBAY_PASSPHRASE';

/** The keyring does not answer: what works without it, and what to do. */
export function KeyringNotice({ state, busy, onRetry }: { state: 'locked' | 'unavailable'; busy: boolean; onRetry: () => void }) {
  const [, go] = useLocation();
  return (
    <section className="problem warn" role="alert">
      <KeyRound size={18} aria-hidden className="problem-icon" />
      <div className="problem-text">
        <h3>{t(`start.keyring.${state}`)}</h3>
        <p>{t(`start.keyring.${state}Body`)}</p>
        <p>
          <strong>{t('start.keyring.works')}:</strong> {t('start.keyring.worksBody')}
        </p>
        <details className="start-how">
          <summary>{t('start.keyring.fix')}</summary>
          {state === 'unavailable' && <p>{t('start.keyring.fixService')}</p>}
          {state === 'unavailable' && <Command text={START_SERVICE} />}
          <p>{t('start.keyring.fixPassphrase')}</p>
          <Command text={WITH_PASSPHRASE} />
        </details>
        <div className="row">
          <Button size="xs" variant="filled" loading={busy} onClick={onRetry}>
            {t('start.keyring.again')}
          </Button>
          {state === 'unavailable' && (
            <Button size="xs" onClick={() => go('/settings/passphrase')}>
              {t('settings.toPassphrase')}
            </Button>
          )}
        </div>
      </div>
    </section>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div className="start-command">
      <code className="mono">{text}</code>
      <CopyButton size="compact-xs" variant="subtle" text={text} name={t('start.keyring.copy')} />
    </div>
  );
}
