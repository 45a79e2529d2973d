import { useNetwork } from '@mantine/hooks';
import { useEffect, useMemo, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { useLocation } from 'wouter';

import type { ConnectionView, ConnectorDetail, ConnectRequest, Problem } from '../../bindings/wire';
import { queryClient, send } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { DoneStep, WhatNext } from './DoneStep';
import { beginning, fieldId, type Draft } from './draft';
import { Foot } from './Foot';
import { mainButton } from './mainButton';
import { mistakesIn } from './mistakes';
import { Permissions } from './Permissions';
import { SetUpStep } from './SetUpStep';
import { SignInStep } from './SignInStep';
import { asked, BASE_URL, given, hasAddress, methodOf, partOfAddress, plainAddress, settingMistake, type Mistakes, type Settings } from './settings';
import { givesTokens, isHere, pageHost, wayOf } from './signIn/phase';
import { Before } from './signIn/Before';
import { AlreadyConnected } from './signIn/Ready';
import { usesOf } from './signIn/scopes';
import { SignInPanel } from './signIn/SignInPanel';
import { useSignIn } from './signIn/useSignIn';
import { Steps, STEPS, type Step } from './Steps';
import { TestStep } from './TestStep';
import { useStepFocus } from './useStepFocus';
import { useTest } from './useTest';

/** What would be lost. */
export type Unsaved = 'typed' | 'sign_in' | undefined;

interface Props {
  detail: ConnectorDetail;
  known: ConnectionView[];
  replacing: ConnectionView | undefined;
  onDirty: (unsaved: Unsaved) => void;
  onCancel: () => void;
  onUse?: ((name: string) => void) | undefined;
  onClose: () => void;
}

/** The four steps. Going back keeps everything. */
export function Wizard({ detail, known, replacing, onDirty, onCancel, onUse, onClose }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const begin = useMemo(() => beginning(detail, known, replacing), [detail, known, replacing]);
  const [draft, setDraft] = useState<Draft>(begin);
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Problem>();
  const [made, setMade] = useState<ConnectionView>();
  const test = useTest();
  const method = methodOf(detail, draft.method);
  const fields = asked(detail.settings, draft.settings);
  const tokens = givesTokens(method);
  const early = fields.filter((field) => partOfAddress(detail, field) || method?.before.includes(field.key));
  const late = fields.filter((field) => !early.includes(field));
  // Signing in again is tested by the engine before anything changes.
  const reconnects = replacing !== undefined && tokens;
  const skipsSetUp = replacing !== undefined || late.length === 0;
  // What is part of the program needs no sign-in and moves nowhere: its settings are all there is.
  const skipsSignIn = !replacing && !method && !hasAddress(detail) && early.length === 0 && late.length > 0;
  const first: Step = skipsSignIn ? 'setUp' : 'signIn';
  const [step, setStep] = useState<Step>(first);

  const [, go] = useLocation();
  const { online } = useNetwork();
  const uses = useMemo(() => usesOf(detail), [detail]);
  const earlyKeys = replacing ? Object.keys(draft.settings) : early.map((field) => field.key);
  const before = Object.fromEntries(earlyKeys.map((key) => [key, draft.settings[key] ?? '']));
  const basis = JSON.stringify([method?.id, before, draft.baseUrl, method?.fields.map((field) => draft.secrets[field.key]?.trim() ?? ''), draft.uses]);
  const signIn = useSignIn(basis, replacing?.account);
  const page = method && tokens && wayOf(method) === 'browser' ? pageHost(method, draft.settings, draft.baseUrl || plainAddress(detail)) : undefined;
  const offline = tokens && !online && !isHere(page ?? (method && pageHost(method, draft.settings, draft.baseUrl)));
  const inPanel = tokens && signIn.phase !== 'ready' && signIn.phase !== 'failed';
  const [typed, setTyped] = useState(false);

  const account = test.report?.account;
  const otherAccount = replacing?.account && account && replacing.account.id !== account.id ? account : undefined;
  const refuses = test.problem !== undefined || otherAccount !== undefined;

  const change = (part: Partial<Draft>) => {
    setDraft((old) => ({ ...old, ...part }));
    if (Object.keys(part).some((key) => !['advanced', 'method', 'anotherAccount'].includes(key))) setTyped(true);
    setRefused(undefined);
  };
  const unsaved: Unsaved = made ? undefined : typed ? 'typed' : signIn.held ? 'sign_in' : undefined;
  useEffect(() => onDirty(unsaved), [onDirty, unsaved]);
  const forget = (key: string) => setMistakes((old) => Object.fromEntries(Object.entries(old).filter(([other]) => other !== key)));

  const aim = useStepFocus(form, `${step} ${made?.id ?? ''} ${step === 'signIn' && tokens ? signIn.phase : ''} ${draft.anotherAccount}`);
  const focusOn = (id: string, on: Step) => {
    aim(id, on === step);
    setStep(on);
  };
  // What can be done next has the focus once the test is over.
  useEffect(() => {
    if (step !== 'test' || !test.over) return;
    const main = form.current?.querySelector<HTMLElement>(refuses ? '.problem button' : '[data-main]');
    main?.focus({ preventScroll: true });
  }, [step, test.over, refuses]);

  const entered = Object.fromEntries((method?.fields ?? []).flatMap((f) => (draft.secrets[f.key] ? [[f.key, draft.secrets[f.key] ?? '']] : [])));
  const moved: Settings = draft.baseUrl.trim() && draft.baseUrl.trim() !== plainAddress(detail) ? { [BASE_URL]: draft.baseUrl.trim() } : {};
  const request = (change: Partial<Draft> = {}): ConnectRequest => {
    const all = { ...draft, ...change };
    return {
      connector: detail.summary.id,
      name: all.name.trim(),
      auth: method?.id ?? null,
      config: { ...given(all.settings), ...moved },
      secrets: tokens ? {} : entered,
      allowPrivate: all.allowPrivate,
      signIn: tokens ? (signIn.id ?? null) : null,
    };
  };
  const beginSignIn = (chooseAccount: boolean, { opens = true, allowPrivate = draft.allowPrivate } = {}) =>
    void signIn.begin({
      opens: opens && method !== undefined && wayOf(method) === 'browser',
      request: {
        connector: detail.summary.id,
        auth: method?.id ?? null,
        config: { ...given(before), ...moved },
        secrets: entered,
        allowPrivate,
        // For a connection that is there, nothing chosen would mean what was chosen before.
        uses: draft.uses ?? (replacing ? uses.map((use) => use.id) : null),
        connection: replacing?.name ?? null,
        chooseAccount: chooseAccount || draft.anotherAccount,
      },
    });

  const wrongIn = (on: Step): Mistakes => mistakesIn(on, { draft, method, early: replacing ? [] : early, late, keepsSecrets: reconnects });

  const startTest = (change: Partial<Draft> = {}) => {
    setStep('test');
    void test.start(request(change));
  };
  const back = () => {
    test.stop();
    setRefused(undefined);
    setStep(step === 'done' ? 'test' : step === 'test' && !skipsSetUp ? 'setUp' : 'signIn');
  };
  const finish = async () => {
    setBusy(true);
    setRefused(undefined);
    try {
      const { connection } = !replacing
        ? await send('connection_create', request())
        : reconnects
          ? await send('connection_reconnect', { name: replacing.name, signIn: signIn.id ?? '', otherAccount: signIn.accepted.account })
          : await send('connection_replace_key', { name: replacing.name, secrets: request().secrets });
      signIn.used();
      setDraft((old) => ({ ...old, secrets: {} }));
      setMade(connection);
      void queryClient.invalidateQueries({ queryKey: ['connection_list'] });
      void queryClient.invalidateQueries({ queryKey: ['connection_show'] });
    } catch (error) {
      const problem = toProblem(error);
      if (problem.subject?.kind === 'field' && problem.subject.name === 'name') {
        setMistakes({ name: problem.code === 'CONFLICT' ? t('connect.nameTaken') : problem.hint });
        setTimeout(() => document.getElementById(fieldId('name'))?.focus(), 30);
      } else if (reconnects) signIn.refuse(problem);
      else setRefused(problem);
    } finally {
      setBusy(false);
    }
  };
  // Signing in again needs no more answers: it is used at once.
  useEffect(() => {
    if (!reconnects || made || signIn.phase !== 'done') return;
    const timer = setTimeout(() => void finish());
    return () => clearTimeout(timer);
    // Once for each sign-in that is of use.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [reconnects, made, signIn.phase, signIn.id]);
  const submit = () => {
    if (busy || made || (step === 'signIn' && !main)) return;
    if (step === 'test') {
      if (test.over && !refuses) setStep('done');
      return;
    }
    const wrong = wrongIn(step);
    setMistakes(wrong);
    const wrongField = Object.keys(wrong)[0];
    if (wrongField) {
      if (wrongField === BASE_URL) setDraft((old) => ({ ...old, advanced: true }));
      setTimeout(() => document.getElementById(fieldId(wrongField))?.focus(), 30);
      return;
    }
    if (step === 'done') void finish();
    else if (step === 'signIn' && tokens && signIn.view?.stage === 'done' && signIn.phase === 'failed') signIn.accept({});
    else if (step === 'signIn' && tokens && signIn.phase !== 'done') beginSignIn(false);
    else if (step === 'signIn' && !skipsSetUp) setStep('setUp');
    else startTest();
  };

  /** To the place where the problem can be mended. */
  const fix = (problem: Problem) => {
    const firstSecret = method?.fields[0]?.key;
    const wanted = problem.subject?.kind === 'field' ? problem.subject.name : undefined;
    const action = problem.fix?.action;
    if (tokens && (wanted === 'signIn' || action === 'replace_key' || action === 'reconnect')) {
      signIn.drop();
      return setStep('signIn');
    }
    if (wanted) {
      setMistakes({ [wanted]: problem.hint });
      if (wanted === 'name') return focusOn(fieldId('name'), 'done');
      if (late.some((field) => field.key === wanted)) return focusOn(fieldId(wanted), 'setUp');
      if (wanted === BASE_URL) setDraft((old) => ({ ...old, advanced: true }));
      return focusOn(fieldId(wanted), 'signIn');
    }
    if ((action === 'replace_key' || action === 'reconnect') && firstSecret) return focusOn(fieldId(firstSecret), 'signIn');
    if (action === 'allow_target') {
      change({ allowPrivate: true, advanced: true });
      return startTest({ allowPrivate: true });
    }
    if (action === 'edit_settings' || action === 'edit_input' || action === 'network_settings') {
      const setting = late[0];
      const aboutAddress = problem.params?.['host'] !== undefined || problem.code === 'REDIRECT_REFUSED' || problem.code === 'UNEXPECTED_CONTENT';
      if (!aboutAddress && setting && !skipsSetUp) return focusOn(fieldId(setting.key), 'setUp');
      setDraft((old) => ({ ...old, advanced: true }));
      return focusOn(fieldId(BASE_URL), 'signIn');
    }
    startTest();
  };

  /** The same for a sign-in that failed. */
  const fixSignIn = (problem: Problem) => {
    if (problem.fix?.action === 'allow_target') {
      change({ allowPrivate: true, advanced: true });
      beginSignIn(false, { allowPrivate: true });
    } else fix(problem);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  const sent = (event: FormEvent) => {
    event.preventDefault();
    submit();
  };

  const name = visible(detail.summary.name);
  const main = mainButton({ step, name, method: tokens ? method : undefined, phase: signIn.phase, inPanel, reconnects, offline, chosen: draft.uses, tested: test.over && !refuses });
  const there = replacing || draft.anotherAccount || !tokens ? [] : known.filter((other) => other.connector === detail.summary.id && other.account);

  return (
    <form ref={form} className="cw-form" noValidate tabIndex={-1} onSubmit={sent} onKeyDown={keys}>
      <Steps steps={STEPS.filter((one) => (one !== 'signIn' || !skipsSignIn) && (!reconnects || one === 'signIn' || one === 'done'))} step={step} over={made !== undefined} />
      <p className="out-of-sight" role="status">
        {step === 'signIn' && tokens ? t(`signIn.say.${signIn.phase}`) : ''}
      </p>
      <div className="cw-step">
        {step === 'signIn' && !made && inPanel && (
          <SignInPanel
            name={name}
            signIn={signIn}
            replacing={replacing}
            uses={uses}
            chosen={draft.uses}
            connecting={reconnects}
            switches={method !== undefined && wayOf(method) !== 'at_once'}
            onBegin={(chooseAccount) => beginSignIn(chooseAccount)}
            onClose={onClose}
          />
        )}
        {step === 'signIn' && !made && !inPanel && (
          <SignInStep
            detail={detail}
            method={method}
            early={replacing ? [] : early}
            draft={draft}
            mistakes={mistakes}
            replacing={replacing}
            page={page}
            offline={offline}
            onChange={change}
            onForget={forget}
            onClose={onClose}
          >
            {tokens && <Before signIn={signIn} connector={detail.summary.id} onFix={fixSignIn} onLink={() => beginSignIn(false, { opens: false })} />}
            <AlreadyConnected
              known={there}
              onUse={(used) => {
                onClose();
                if (onUse) onUse(used);
                else go(`/connections/${encodeURIComponent(used)}`);
              }}
              onAnother={() => change({ anotherAccount: true })}
            />
          </SignInStep>
        )}
        {step === 'setUp' && (
          <SetUpStep
            fields={late}
            settings={draft.settings}
            mistakes={mistakes}
            onChange={(key, value) => {
              change({ settings: { ...draft.settings, [key]: value } });
              forget(key);
            }}
            onBlur={(field) => {
              const why = draft.settings[field.key]?.trim() ? settingMistake(field, draft.settings[field.key] ?? '') : undefined;
              if (why) setMistakes((old) => ({ ...old, [field.key]: why }));
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
            test={test}
            mismatch={otherAccount && replacing?.account ? { before: replacing.account.label, now: otherAccount.label } : undefined}
            onFix={fix}
            onOtherKey={() => focusOn(fieldId(method?.fields[0]?.key ?? ''), 'signIn')}
          />
        )}
        {step === 'done' && !made && (
          <DoneStep
            draft={draft}
            streams={detail.streams.length}
            replacing={replacing !== undefined}
            mistakes={mistakes}
            problem={refused}
            onChange={(part) => {
              change(part);
              forget('name');
            }}
            onFix={(problem) => fix(problem)}
          />
        )}
        {made && <WhatNext made={made} replaced={replacing !== undefined} signedIn={reconnects} sync={!replacing && draft.syncNow && detail.streams.length > 0} webhook={detail.webhook} onUse={onUse} onClose={onClose} />}
      </div>
      {!made && !(inPanel && step === 'signIn' && signIn.phase === 'other_account') && <Foot first={step === first} busy={busy} main={main} testing={test.running} onBack={step === first ? onCancel : back} onTest={step === 'test' ? startTest : undefined} />}
    </form>
  );
}
