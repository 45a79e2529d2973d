import { Button, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';

import type { SecretsStatus } from '../../bindings/wire';
import { useDo } from '../../engine';
import { formatAgo } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';
import { ChangePassphrase } from './ChangePassphrase';
import { ForgetAll, SetPassphrase, ToKeyring } from './dialogs';
import { Row, SettingsPart } from '../../ui/Row';

const DIALOGS = { passphrase: SetPassphrase, change: ChangePassphrase, keyring: ToKeyring, forget: ForgetAll };
/** Where only one store has a question. */
const ONLY: Partial<Record<keyof typeof DIALOGS, SecretsStatus['store']>> = { passphrase: 'keyring', change: 'passphrase', keyring: 'passphrase' };

/** Where the key is, when it locks, how old what it locks is, and what can be done with it. */
export function SecurityPart({ status, what }: { status: SecretsStatus; what: string | undefined }) {
  const [, go] = useLocation();
  /** Sealing anew destroys the old key: asked once more. */
  const [sure, setSure] = useState(false);
  const [said, setSaid] = useState<{ text: string; warn?: boolean }>();
  const lock = useDo('secrets_lock', { touches: ['secrets_status', 'health'] });
  const rotate = useDo('secrets_rotate', {
    touches: ['secrets_status'],
    onSuccess: ({ credentials, lost }) => {
      setSure(false);
      setSaid({ text: `${t('settings.rotated', { count: credentials })} ${lost > 0 ? t('settings.rotatedLost', { count: lost }) : ''}`.trim(), warn: lost > 0 });
    },
  });
  const { store, state, secrets } = status;
  const old = secrets.filter((one) => one.old).length;
  const failed = lock.isError ? lock.error : rotate.isError ? rotate.error : undefined;
  const known = what !== undefined && Object.hasOwn(DIALOGS, what) ? (what as keyof typeof DIALOGS) : undefined;
  const open = known && (ONLY[known] ?? store) === store ? known : undefined;
  const Dialog = open && DIALOGS[open];
  const close = () => go('/settings', { replace: true });
  return (
    <SettingsPart id="security" title={t('settings.security')} about={t(`settings.storeAbout.${store}` as WordKey)}>
      <dl className="facts" style={{ margin: '12px 0' }}>
        <dt>{t('settings.keptIn')}</dt>
        <dd data-testid="secret-store">{t(`settings.store.${store}` as WordKey)}</dd>
        <dt>{t('settings.stateLabel')}</dt>
        <dd data-testid="secret-state">{t(`settings.state.${state}` as WordKey)}</dd>
        <dt>{t('settings.secrets')}</dt>
        <dd>
          {secrets.length === 0 ? t('settings.none') : t('settings.count', { count: secrets.length })}
          {old > 0 && <div className="cn-old">{t('settings.old', { count: old })}</div>}
        </dd>
        {secrets[0] && (
          <>
            <dt>{t('settings.oldest')}</dt>
            <dd>{formatAgo(secrets[0].setAt)}</dd>
          </>
        )}
      </dl>
      <p className={said?.warn ? 'st-said warn' : 'st-said'} role="status">
        {said?.text}
      </p>
      {failed !== undefined && <ProblemBlock problem={toProblem(failed)} />}
      {store === 'passphrase' && (
        <Row title={t('settings.lockNow')} about={t('settings.lockAbout')}>
          <BusyButton size="xs" busy={lock.isPending} disabled={state === 'locked'} onClick={() => lock.mutate({})}>
            {t('settings.lockNow')}
          </BusyButton>
        </Row>
      )}
      {store === 'passphrase' && (
        <Row title={t('settings.change')} about={t('settings.changeAbout')}>
          <Button size="xs" onClick={() => go('/settings/change')}>
            {t('settings.change')}
          </Button>
        </Row>
      )}
      {store === 'passphrase' && <Decision name="lockAfterMinutes" value={status.lockAfterMinutes} most={10_080} word="lockAfter" unit="minutes" />}
      <Decision name="remindAfterDays" value={status.remindAfterDays} most={3_650} word="remindAfter" unit="days" />
      <Row title={t('settings.rotate')} about={t(sure ? 'settings.rotateSure' : 'settings.rotateAbout')}>
        {sure && (
          <Button size="xs" onClick={() => setSure(false)}>
            {t('common.cancel')}
          </Button>
        )}
        <BusyButton size="xs" {...(sure ? { color: 'red.9', variant: 'filled' } : {})} busy={rotate.isPending} onClick={() => (sure ? rotate.mutate({}) : setSure(true))}>
          {t('settings.rotate')}
        </BusyButton>
      </Row>
      {store === 'keyring' && (
        <Row title={t('settings.toPassphrase')} about={t('settings.toPassphraseAbout')}>
          <Button size="xs" onClick={() => go('/settings/passphrase')}>
            {t('settings.toPassphrase')}
          </Button>
        </Row>
      )}
      {store === 'passphrase' && (
        <Row title={t('settings.toKeyring')} about={t('settings.toKeyringAbout')}>
          <Button size="xs" onClick={() => go('/settings/keyring')}>
            {t('settings.toKeyring')}
          </Button>
        </Row>
      )}
      <Row title={t('settings.forgetAll')} about={t('settings.forgetAbout')}>
        <Button size="xs" color="red.9" variant="filled" onClick={() => go('/settings/forget')}>
          {t('settings.forgetAll')}
        </Button>
      </Row>
      {Dialog && (
        <Dialog
          onClose={close}
          onDone={(text) => {
            close();
            setSaid({ text });
          }}
        />
      )}
    </SettingsPart>
  );
}

interface DecisionProps {
  name: 'lockAfterMinutes' | 'remindAfterDays';
  value: number;
  most: number;
  word: 'lockAfter' | 'remindAfter';
  unit: 'minutes' | 'days';
}

/** A number that applies as soon as it is left. */
function Decision({ name, value, most, word, unit }: DecisionProps) {
  const [typed, setTyped] = useState<string | number>();
  const set = useDo('secrets_set', { touches: ['secrets_status'], onSuccess: () => setTyped(undefined) });
  const shown = typed ?? value;
  const number = Number(shown);
  const wrong = shown === '' || !Number.isInteger(number) || number < 0 || number > most;
  const apply = () => {
    if (typed !== undefined && !wrong && number !== value) set.mutate({ [name]: number });
    else if (!wrong) setTyped(undefined);
  };
  return (
    <Row title={t(`settings.${word}`)} about={t(`settings.${word}Help`)} id={`st-${name}`}>
      <NumberInput
        className="st-number"
        size="xs"
        aria-labelledby={`st-${name}`}
        min={0}
        allowDecimal={false}
        allowNegative={false}
        suffix={` ${t(`settings.${unit}`)}`}
        value={shown}
        error={wrong ? t('settings.notANumber', { most }) : set.isError ? toProblem(set.error).hint : undefined}
        onChange={setTyped}
        onBlur={apply}
        onKeyDown={(event) => {
          if (event.key === 'Enter') apply();
        }}
      />
    </Row>
  );
}
