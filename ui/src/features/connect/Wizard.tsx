import { useRef, type FormEvent, type KeyboardEvent } from 'react';

import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { t } from '../../lib/words';
import { DoneStep, WhatNext } from './DoneStep';
import { Foot } from './Foot';
import { Permissions } from './Permissions';
import { SetUpStep } from './SetUpStep';
import { settingMistake } from './settings';
import { SignInPart } from './SignInPart';
import { Steps, STEPS } from './Steps';
import { TestStep } from './TestStep';
import { useWizard, type Unsaved } from './useWizard';

interface Props {
  detail: ConnectorDetail;
  known: ConnectionView[];
  replacing: ConnectionView | undefined;
  onDirty: (unsaved: Unsaved) => void;
  onNetwork: () => void;
  onCancel: () => void;
  onUse?: ((name: string) => void) | undefined;
  onClose: () => void;
}

/** The four steps. Going back keeps everything. */
export function Wizard({ detail, known, replacing, onDirty, onNetwork, onCancel, onUse, onClose }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const wizard = useWizard({ form, detail, known, replacing, onDirty, onNetwork });
  const { asks, draft, mistakes, step, first, signIn, inPanel, test, otherAccount, made, change, forget } = wizard;
  const { method, tokens, late, reconnects, skipsSignIn } = asks;
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    wizard.submit();
  };
  const sent = (event: FormEvent) => {
    event.preventDefault();
    wizard.submit();
  };
  const asksAccount = inPanel && step === 'signIn' && signIn.phase === 'other_account';

  return (
    <form ref={form} className="cw-form" noValidate tabIndex={-1} onSubmit={sent} onKeyDown={keys}>
      <Steps steps={STEPS.filter((one) => (one !== 'signIn' || !skipsSignIn) && (!reconnects || one === 'signIn' || one === 'done'))} step={step} over={made !== undefined} />
      <p className="out-of-sight" role="status">
        {step === 'signIn' && tokens ? t(`signIn.say.${signIn.phase}`) : ''}
      </p>
      <div className="cw-step">
        {step === 'signIn' && !made && <SignInPart wizard={wizard} detail={detail} known={known} replacing={replacing} onUse={onUse} onClose={onClose} />}
        {step === 'setUp' && (
          <SetUpStep
            fields={late}
            settings={draft.settings}
            mistakes={mistakes}
            ask={wizard.ask}
            onChange={(key, value, others = {}) => {
              change({ settings: { ...draft.settings, ...others, [key]: value } });
              for (const changed of [key, ...Object.keys(others)]) forget(changed);
            }}
            onBlur={(field) => {
              const why = draft.settings[field.key]?.trim() ? settingMistake(field, draft.settings[field.key] ?? '') : undefined;
              if (why) wizard.blame(field.key, why);
            }}
          >
            {skipsSignIn && (
              <section aria-label={t('connect.permissions')}>
                <h3 className="cw-head">{t('connect.permissions')}</h3>
                <Permissions detail={detail} />
              </section>
            )}
          </SetUpStep>
        )}
        {step === 'test' && (
          <TestStep
            name={detail.summary.name}
            connector={detail.summary.id}
            test={test}
            mismatch={otherAccount && replacing?.account ? { before: replacing.account.label, now: otherAccount.label } : undefined}
            onFix={wizard.fix}
            onOtherKey={() => wizard.focusOn(method?.fields[0]?.key ?? '', 'signIn')}
          />
        )}
        {step === 'done' && !made && (
          <DoneStep
            draft={draft}
            detail={detail}
            replacing={replacing !== undefined}
            mistakes={mistakes}
            problem={wizard.refused}
            onChange={(part) => {
              change(part);
              forget('name');
            }}
            onFix={wizard.fix}
          />
        )}
        {made && <WhatNext made={made} replaced={replacing !== undefined} signedIn={reconnects} sync={!replacing && draft.syncNow && detail.streams.length > 0} streams={detail.streams.length > 0} webhook={detail.webhook} onUse={onUse} onClose={onClose} />}
      </div>
      {!made && !asksAccount && <Foot first={step === first} busy={wizard.busy} main={wizard.main} testing={test.running} onBack={step === first ? onCancel : wizard.back} onTest={step === 'test' && !wizard.testsAtProblem ? wizard.startTest : undefined} />}
    </form>
  );
}
