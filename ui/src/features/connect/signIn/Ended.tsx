import { Button } from '@mantine/core';
import { AlertTriangle, CheckCircle2 } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Account, SignInView } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Access } from '../Permissions';
import type { Use } from './scopes';

/** Signed in: whose account it is, and what is worth knowing of it. */
export function SignedIn({ view, lost, switches, onSwitch, onAnew }: { view: SignInView; lost: Use[]; switches: boolean; onSwitch: () => void; onAnew: () => void }) {
  return (
    <>
      <div className="cw-wait">
        <CheckCircle2 size={20} aria-hidden className="mark ok" />
        <h3 tabIndex={-1}>{view.account ? t('signIn.doneAs', { account: visible(view.account.label) }) : t('signIn.done')}</h3>
      </div>
      {view.choices > 1 && <p className="cw-note">{t('signIn.choices', { count: view.choices })}</p>}
      {lost.length > 0 && <p className="cw-note">{t('signIn.without', { titles: titles(lost) })}</p>}
      {view.beyond.length > 0 && <p className="cw-note cw-warned">{t('signIn.beyond', { scopes: view.beyond.map(visible).join(', ') })}</p>}
      <div className="row">
        {switches && <Button onClick={onSwitch}>{t('signIn.switch')}</Button>}
        <Button variant="subtle" onClick={onAnew}>
          {t('signIn.startOver')}
        </Button>
      </div>
    </>
  );
}

/** Not everything was granted: what will not work, and whether that is all right. */
export function Fewer({ name, view, lost, onGoOn, onAgain }: { name: string; view: SignInView; lost: Use[]; onGoOn: () => void; onAgain: () => void }) {
  return (
    <Question title={t('signIn.fewer', { name })}>
      {lost.length > 0 ? (
        <>
          <p>{t('signIn.fewerBody')}</p>
          <ul className="cw-lost">
            {lost.map((use) => (
              <li key={use.id}>
                <Access write={use.write} />
                {visible(use.title)}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>{t('signIn.fewerNothing', { scopes: view.missing.map(visible).join(', ') })}</p>
      )}
      <div className="row">
        <Button data-first onClick={onGoOn}>
          {t('signIn.goOnWithout')}
        </Button>
        <Button onClick={onAgain}>{t('signIn.again')}</Button>
      </div>
    </Question>
  );
}

/** Somebody else signed in than the connection belongs to. */
export function OtherAccount({ owner, now, onOwner, onNow, onCancel }: { owner: Account; now: Account | null | undefined; onOwner: () => void; onNow: () => void; onCancel: () => void }) {
  const before = visible(owner.label);
  const other = now ? visible(now.label) : t('signIn.anotherAccount');
  return (
    <Question title={t('signIn.other', { now: other })}>
      <p>{t('signIn.otherBody', { now: other, before })}</p>
      <div className="row">
        <Button variant="filled" data-first onClick={onOwner}>
          {t('signIn.asOwner', { before })}
        </Button>
        <Button onClick={onNow}>{t('signIn.useOther', { now: other })}</Button>
        <Button onClick={onCancel}>{t('common.cancel')}</Button>
      </div>
    </Question>
  );
}

/** Signing in brought addresses that nobody has seen: the sign-in goes there only where that is all right. */
export function Brought({ name, origins, onApprove, onCancel }: { name: string; origins: string[]; onApprove: () => void; onCancel: () => void }) {
  return (
    <Question title={t('signIn.brought', { name })}>
      <p>{t('signIn.broughtBody')}</p>
      <ul className="cw-lost">
        {origins.map((origin) => (
          <li key={origin} className="mono">
            {visible(origin)}
          </li>
        ))}
      </ul>
      <div className="row">
        <Button data-first onClick={onApprove}>
          {t('signIn.broughtYes')}
        </Button>
        <Button onClick={onCancel}>{t('signIn.cancel')}</Button>
      </div>
    </Question>
  );
}

function Question({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="problem warn cw-question" role="alert">
      <AlertTriangle size={18} aria-hidden className="problem-icon" />
      <div className="problem-text">
        <h3>{title}</h3>
        {children}
      </div>
    </div>
  );
}

const titles = (uses: Use[]): string => uses.map((use) => visible(use.title)).join(', ');
