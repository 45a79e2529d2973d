import { Button } from '@mantine/core';
import { Clock, ExternalLink, Loader, ShieldAlert } from 'lucide-react';

import type { SignInView } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { CopyButton } from '../../../ui/CopyButton';
import { CopyField } from './CopyField';
import { clockText, isNearlyOut } from './phase';
import type { SignIn } from './useSignIn';

interface Props {
  name: string;
  signIn: SignIn;
  view: SignInView;
}

/** The engine talks to the service; the person has nothing to do. */
export function Busy({ text }: { text: string }) {
  return (
    <div className="cw-wait">
      <Loader size={20} aria-hidden className="turning mark run" />
      <h3 tabIndex={-1} data-first>
        {text}
      </h3>
    </div>
  );
}

/** A page is open in the browser, or should be. */
export function Waiting({ signIn, view, opened }: Props & { opened: boolean }) {
  return (
    <>
      <div className="cw-wait">
        <Clock size={20} aria-hidden className={opened ? 'mark run' : 'mark warn'} />
        <h3 tabIndex={-1} data-first>
          {t(opened ? 'signIn.finish' : 'signIn.notOpened')}
        </h3>
        <Countdown left={signIn.left} />
      </div>
      <p>{t(opened ? 'signIn.finishHelp' : 'signIn.notOpenedHelp')}</p>
      {!opened && view.url && <CopyField label={t('signIn.link')} text={view.url} button={t('signIn.copyLink')} />}
      <Foreign notice={view.notice} />
      <NearlyOut signIn={signIn} view={view} />
      <div className="row">
        <Button leftSection={<ExternalLink size={16} aria-hidden />} onClick={() => void signIn.openAgain()}>
          {t(opened ? 'signIn.openAgain' : 'signIn.openPage')}
        </Button>
        {opened && view.url && <CopyButton text={view.url} label={t('signIn.copyLink')} />}
        <Button onClick={signIn.drop}>{t('signIn.cancel')}</Button>
      </div>
    </>
  );
}

/** A code is entered on the service's page (RFC 8628). */
export function DeviceCode({ name, signIn, view }: Props) {
  return (
    <>
      <div className="cw-wait">
        <Clock size={20} aria-hidden className="mark run" />
        <h3 tabIndex={-1} data-first>
          {t('signIn.enterCode', { name })}
        </h3>
        <Countdown left={signIn.left} />
      </div>
      <p>{t('signIn.enterCodeHelp')}</p>
      <div className="cw-code-row">
        <code className="cw-code" aria-label={t('signIn.code')}>
          {visible(view.userCode ?? '')}
        </code>
        <CopyButton text={view.userCode ?? ''} label={t('signIn.copyCode')} />
      </div>
      {view.url && <CopyField label={t('signIn.codePage')} text={view.url} button={t('signIn.copyLink')} description={t('signIn.codePageHelp')} />}
      <div className="row">
        <Button variant="filled" leftSection={<ExternalLink size={16} aria-hidden />} onClick={() => void signIn.openAgain()}>
          {t('signIn.openPage')}
        </Button>
        <Button onClick={signIn.drop}>{t('signIn.cancel')}</Button>
      </div>
    </>
  );
}

/** How much time is left. It is looked at, not read out each second. */
function Countdown({ left }: { left: number }) {
  return (
    <span className="cw-countdown figures" role="timer" aria-label={t('signIn.timeLeft', { time: clockText(left) })} title={t('signIn.timeLeft', { time: clockText(left) })}>
      {clockText(left)}
    </span>
  );
}

function NearlyOut({ signIn, view }: Omit<Props, 'name'>) {
  if (!isNearlyOut(view, signIn.left)) return null;
  return (
    <div className="cw-note cw-warned spread" role="status">
      <span>{t('signIn.nearlyOut')}</span>
      <Button h={30} px={10} className="cw-keep" onClick={() => void signIn.extend()}>
        {t('signIn.keepWaiting')}
      </Button>
    </div>
  );
}

/** Something else answered in the service's place. */
function Foreign({ notice }: { notice: string | null }) {
  if (!notice) return null;
  return (
    <div className="cw-note cw-warned" role="status">
      <p className="cw-line">
        <ShieldAlert size={16} aria-hidden />
        {t('signIn.foreign')}
      </p>
      <details className="cw-fold">
        <summary>{t('common.details')}</summary>
        <p>{t('signIn.foreignWhy', { notice: visible(notice) })}</p>
      </details>
    </div>
  );
}
