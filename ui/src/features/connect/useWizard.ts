import { useNetwork } from '@mantine/hooks';
import { useEffect, useMemo, useState, type RefObject } from 'react';

import type { ConnectionView, ConnectorDetail, Problem } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { asksOf } from './asks';
import { beginning, fieldId, type Draft } from './draft';
import { mainButton } from './mainButton';
import { mendOf } from './mend';
import { mistakesIn } from './mistakes';
import { connectRequest, settingsBefore, signInRequest } from './requests';
import { BASE_URL, plainAddress, type Mistakes } from './settings';
import { isHere, pageHost, wayOf } from './signIn/phase';
import { usesOf } from './signIn/scopes';
import { useSignIn } from './signIn/useSignIn';
import type { Step } from './Steps';
import { useFinish } from './useFinish';
import { useStepFocus } from './useStepFocus';
import { useTest } from './useTest';

/** What would be lost. */
export type Unsaved = 'typed' | 'sign_in' | undefined;

interface Given {
  form: RefObject<HTMLFormElement | null>;
  detail: ConnectorDetail;
  known: ConnectionView[];
  replacing: ConnectionView | undefined;
  onDirty: (unsaved: Unsaved) => void;
  /** The network's settings are wanted, beside what was typed. */
  onNetwork: () => void;
}

/** The wizard's answers, where it is, and what goes on from there. */
export function useWizard({ form, detail, known, replacing, onDirty, onNetwork }: Given) {
  const begin = useMemo(() => beginning(detail, known, replacing), [detail, known, replacing]);
  const [draft, setDraft] = useState<Draft>(begin);
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const [typed, setTyped] = useState(false);
  const test = useTest();
  const asks = asksOf(detail, draft, replacing);
  const { method, tokens, early, late, reconnects, skipsSetUp, skipsSignIn } = asks;
  const first: Step = skipsSignIn ? 'setUp' : 'signIn';
  const [step, setStep] = useState<Step>(first);

  const { online } = useNetwork();
  const uses = useMemo(() => usesOf(detail), [detail]);
  const before = settingsBefore(asks, draft, replacing);
  const basis = JSON.stringify([method?.id, before, draft.baseUrl, method?.fields.map((field) => draft.secrets[field.key]?.trim() ?? ''), draft.uses]);
  const signIn = useSignIn(basis, replacing?.account);
  const page = method && tokens && wayOf(method) === 'browser' ? pageHost(method, draft.settings, draft.baseUrl || plainAddress(detail)) : undefined;
  const offline = tokens && !online && !isHere(page ?? (method && pageHost(method, draft.settings, draft.baseUrl)));
  const inPanel = tokens && signIn.phase !== 'ready' && signIn.phase !== 'failed';

  const account = test.report?.account;
  const otherAccount = replacing?.account && account && replacing.account.id !== account.id ? account : undefined;
  const refuses = test.problem !== undefined || otherAccount !== undefined;

  const request = (part: Partial<Draft> = {}) => connectRequest(detail, asks, { ...draft, ...part }, signIn.id);
  // What is chosen now does not decide what can be chosen: the setting is left out, and what comes with it.
  const ask = (setting: string) => {
    const fills = detail.settings.find((field) => field.key === setting)?.choices?.fills ?? {};
    const without = Object.fromEntries([setting, ...Object.keys(fills)].map((key) => [key, '']));
    return { setting, draft: request({ settings: { ...draft.settings, ...without }, name: '' }) };
  };
  const last = useFinish({
    signIn,
    replacing,
    reconnects,
    request,
    onMade: () => setDraft((old) => ({ ...old, secrets: {} })),
    onName: (why) => {
      setMistakes({ name: why });
      setTimeout(() => document.getElementById(fieldId('name'))?.focus(), 30);
    },
  });
  const { made, busy } = last;

  const change = (part: Partial<Draft>) => {
    setDraft((old) => ({ ...old, ...part }));
    if (Object.keys(part).some((key) => !['advanced', 'method', 'anotherAccount'].includes(key))) setTyped(true);
    last.forget();
  };
  const unsaved: Unsaved = made ? undefined : typed ? 'typed' : signIn.held ? 'sign_in' : undefined;
  useEffect(() => onDirty(unsaved), [onDirty, unsaved]);

  const aim = useStepFocus(form, `${step} ${made?.id ?? ''} ${step === 'signIn' && tokens ? signIn.phase : ''} ${draft.anotherAccount}`);
  const focusOn = (key: string, on: Step) => {
    aim(fieldId(key), on === step);
    setStep(on);
  };
  // What can be done next has the focus once the test is over.
  useEffect(() => {
    if (step !== 'test' || !test.over) return;
    const main = form.current?.querySelector<HTMLElement>(refuses ? '.problem button' : '[data-main]');
    main?.focus({ preventScroll: true });
  }, [form, step, test.over, refuses]);

  const beginSignIn = (chooseAccount: boolean, { opens = true, allowPrivate = draft.allowPrivate } = {}) => {
    const wanted = signInRequest(detail, asks, { ...draft, allowPrivate }, replacing, uses.map((use) => use.id));
    void signIn.begin({
      opens: opens && method !== undefined && wayOf(method) === 'browser',
      request: { ...wanted, chooseAccount: chooseAccount || draft.anotherAccount },
    });
  };
  const startTest = (part: Partial<Draft> = {}) => {
    setStep('test');
    void test.start(request(part));
  };
  const back = () => {
    test.stop();
    last.forget();
    setStep(step === 'done' ? 'test' : step === 'test' && !skipsSetUp ? 'setUp' : 'signIn');
  };
  const main = mainButton({ step, name: visible(detail.summary.name), method: tokens ? method : undefined, phase: signIn.phase, inPanel, reconnects, offline, chosen: draft.uses, tested: test.over && !refuses });

  const submit = () => {
    if (busy || made || (step === 'signIn' && !main)) return;
    if (step === 'test') {
      if (test.over && !refuses) setStep('done');
      return;
    }
    const wrong = mistakesIn(step, { draft, method, early: replacing ? [] : early, late, keepsSecrets: reconnects });
    setMistakes(wrong);
    const wrongField = Object.keys(wrong)[0];
    if (wrongField) {
      if (wrongField === BASE_URL) setDraft((old) => ({ ...old, advanced: true }));
      setTimeout(() => document.getElementById(fieldId(wrongField))?.focus(), 30);
      return;
    }
    if (step === 'done') void last.finish();
    else if (step === 'signIn' && tokens && signIn.view?.stage === 'done' && signIn.phase === 'failed') signIn.accept({});
    else if (step === 'signIn' && tokens && signIn.phase !== 'done') beginSignIn(false);
    else if (step === 'signIn' && !skipsSetUp) setStep('setUp');
    else startTest();
  };

  /** To the place where the problem can be mended. */
  const fix = (problem: Problem) => {
    const mend = mendOf(problem, asks);
    switch (mend.way) {
      case 'sign_in':
        signIn.drop();
        return setStep('signIn');
      case 'field':
        if (mend.hint !== undefined) setMistakes({ [mend.key]: mend.hint });
        if (mend.advanced) setDraft((old) => ({ ...old, advanced: true }));
        return focusOn(mend.key, mend.step);
      case 'allow':
        change({ allowPrivate: true, advanced: true });
        return startTest({ allowPrivate: true });
      case 'network':
        return onNetwork();
      case 'again':
        return startTest();
    }
  };
  /** The same for a sign-in that failed. */
  const fixSignIn = (problem: Problem) => {
    if (problem.fix?.action === 'allow_target') {
      change({ allowPrivate: true, advanced: true });
      beginSignIn(false, { allowPrivate: true });
    } else fix(problem);
  };
  const forget = (key: string) => setMistakes((old) => Object.fromEntries(Object.entries(old).filter(([other]) => other !== key)));
  const blame = (key: string, why: string) => setMistakes((old) => ({ ...old, [key]: why }));

  return {
    ...{ asks, draft, mistakes, step, first, uses, signIn, page, offline, inPanel, test, otherAccount, made, busy, main },
    // Where another try is what mends it, the problem has the button.
    testsAtProblem: test.over && test.problem !== undefined && mendOf(test.problem, asks).way === 'again',
    ...{ refused: last.refused, change, forget, blame, ask, focusOn, beginSignIn, startTest, back, submit, fix, fixSignIn },
  };
}

/** What [`useWizard`] gives. */
export type WizardState = ReturnType<typeof useWizard>;
