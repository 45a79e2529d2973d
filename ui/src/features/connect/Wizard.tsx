import { Button } from '@mantine/core';
import { Check } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from 'react';

import type { ConnectionView, ConnectorDetail, ConnectRequest, Problem } from '../../bindings/wire';
import { queryClient, send } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { BusyButton } from './BusyButton';
import { DoneStep, WhatNext } from './DoneStep';
import { beginning, fieldId, type Draft } from './draft';
import { Permissions } from './Permissions';
import { SetUpStep } from './SetUpStep';
import { SignInStep } from './SignInStep';
import { asked, BASE_URL, given, hasAddress, isAddress, methodOf, partOfAddress, plainAddress, settingMistake, type Mistakes } from './settings';
import { TestStep } from './TestStep';
import { useTest } from './useTest';

const STEPS = ['signIn', 'setUp', 'test', 'done'] as const;
type Step = (typeof STEPS)[number];

interface Props {
  detail: ConnectorDetail;
  known: ConnectionView[];
  replacing: ConnectionView | undefined;
  onDirty: (dirty: boolean) => void;
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
  const [target, setTarget] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Problem>();
  const [made, setMade] = useState<ConnectionView>();
  const test = useTest();
  const method = methodOf(detail, draft.method);
  const fields = asked(detail.settings, draft.settings);
  const early = fields.filter((field) => partOfAddress(detail, field));
  const late = fields.filter((field) => !early.includes(field));
  const skipsSetUp = replacing !== undefined || late.length === 0;
  // What is part of the program needs no sign-in and moves nowhere: its settings are all there is.
  const skipsSignIn = !replacing && !method && !hasAddress(detail) && early.length === 0 && late.length > 0;
  const first: Step = skipsSignIn ? 'setUp' : 'signIn';
  const [step, setStep] = useState<Step>(first);

  const account = test.report?.account;
  const otherAccount = replacing?.account && account && replacing.account.id !== account.id ? account : undefined;
  const refuses = test.problem !== undefined || otherAccount !== undefined;

  const change = (part: Partial<Draft>) => {
    setDraft((old) => ({ ...old, ...part }));
    if (Object.keys(part).some((key) => !['advanced', 'method'].includes(key))) onDirty(true);
    setRefused(undefined);
  };
  const forget = (key: string) => setMistakes((old) => Object.fromEntries(Object.entries(old).filter(([other]) => other !== key)));

  // The focus: the field that was asked for, the first one, or the main action.
  useEffect(() => {
    const timer = setTimeout(() => {
      const root = form.current;
      const place =
        (target && document.getElementById(target)) ||
        root?.querySelector<HTMLElement>('[data-first]:not([disabled])') ||
        root?.querySelector<HTMLElement>('.cw-step input:not([type=hidden]), .cw-step textarea') ||
        root?.querySelector<HTMLElement>('[data-main]:not([disabled])') ||
        root;
      // Who has begun to type elsewhere in the step is not moved.
      const typing = document.activeElement?.matches('.cw-step input, .cw-step textarea') && root?.contains(document.activeElement);
      if (target || !typing) place?.focus();
      setTarget(undefined);
    }, 30);
    return () => clearTimeout(timer);
    // Only when a step begins; what is typed later moves nothing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [step, made]);
  const focusOn = (id: string, on: Step) => {
    setTarget(id);
    if (on === step) setTimeout(() => document.getElementById(id)?.focus(), 30);
    else setStep(on);
  };
  // What can be done next has the focus once the test is over.
  useEffect(() => {
    if (step !== 'test' || !test.over) return;
    const main = form.current?.querySelector<HTMLElement>(refuses ? '.problem button' : '[data-main]');
    main?.focus({ preventScroll: true });
  }, [step, test.over, refuses]);

  const request = (change: Partial<Draft> = {}): ConnectRequest => {
    const all = { ...draft, ...change };
    const moved = all.baseUrl.trim() && all.baseUrl.trim() !== plainAddress(detail);
    const secrets = Object.fromEntries((method?.fields ?? []).flatMap((f) => (all.secrets[f.key] ? [[f.key, all.secrets[f.key] ?? '']] : [])));
    return {
      connector: detail.summary.id,
      name: all.name.trim(),
      auth: method?.id ?? null,
      config: { ...given(all.settings), ...(moved ? { [BASE_URL]: all.baseUrl.trim() } : {}) },
      secrets,
      allowPrivate: all.allowPrivate,
    };
  };

  const wrongIn = (on: Step): Mistakes => {
    const found: [string, string | undefined][] = [];
    if (on === 'signIn') {
      for (const field of method?.fields ?? []) found.push([field.key, field.required && !draft.secrets[field.key]?.trim() ? t('connect.needed') : undefined]);
      for (const field of replacing ? [] : early) found.push([field.key, settingMistake(field, draft.settings[field.key] ?? '')]);
      if (draft.baseUrl.trim() && !draft.baseUrl.includes('{{') && !isAddress(draft.baseUrl.trim())) found.push([BASE_URL, t('connect.addressWrong')]);
    }
    if (on === 'setUp') for (const field of late) found.push([field.key, settingMistake(field, draft.settings[field.key] ?? '')]);
    if (on === 'done' && !draft.name.trim()) found.push(['name', t('connect.needed')]);
    return Object.fromEntries(found.flatMap(([key, why]) => (why ? [[key, why]] : [])));
  };

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
      const { connection } = replacing
        ? await send('connection_replace_key', { name: replacing.name, secrets: request().secrets })
        : await send('connection_create', request());
      onDirty(false);
      setDraft((old) => ({ ...old, secrets: {} }));
      setMade(connection);
      void queryClient.invalidateQueries({ queryKey: ['connection_list'] });
      void queryClient.invalidateQueries({ queryKey: ['connection_show'] });
    } catch (error) {
      const problem = toProblem(error);
      if (problem.subject?.kind === 'field' && problem.subject.name === 'name') {
        setMistakes({ name: problem.code === 'CONFLICT' ? t('connect.nameTaken') : problem.hint });
        setTimeout(() => document.getElementById(fieldId('name'))?.focus(), 30);
      } else setRefused(problem);
    } finally {
      setBusy(false);
    }
  };
  const submit = () => {
    if (busy || made) return;
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
    else if (step === 'signIn' && !skipsSetUp) setStep('setUp');
    else startTest();
  };

  /** To the place where the problem can be mended. */
  const fix = (problem: Problem) => {
    const firstSecret = method?.fields[0]?.key;
    const wanted = problem.subject?.kind === 'field' ? problem.subject.name : undefined;
    const action = problem.fix?.action;
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

  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  const sent = (event: FormEvent) => {
    event.preventDefault();
    submit();
  };

  return (
    <form ref={form} className="cw-form" noValidate tabIndex={-1} onSubmit={sent} onKeyDown={keys}>
      <Steps steps={STEPS.filter((name) => name !== 'signIn' || !skipsSignIn)} step={step} over={made !== undefined} />
      <div className="cw-step">
        {step === 'signIn' && (
          <SignInStep detail={detail} method={method} early={replacing ? [] : early} draft={draft} mistakes={mistakes} replacing={replacing} onChange={change} onForget={forget} onClose={onClose} />
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
        {made && <WhatNext made={made} replaced={replacing !== undefined} sync={!replacing && draft.syncNow && detail.streams.length > 0} onUse={onUse} onClose={onClose} />}
      </div>
      {!made && (
        <div className="cw-foot">
          <Button onClick={step === first ? onCancel : back} disabled={busy}>
            {t(step === first ? 'common.cancel' : 'common.back')}
          </Button>
          <span className="cw-foot-end">
            {step === 'test' && (
              <Button onClick={() => !test.running && startTest()} aria-disabled={test.running}>
                {t('connect.testAgain')}
              </Button>
            )}
            <BusyButton
              type="submit"
              variant="filled"
              data-main
              busy={busy}
              disabled={step === 'test' && (!test.over || refuses)}
            >
              {t(step === 'done' ? 'connect.finish' : 'common.continue')}
            </BusyButton>
          </span>
        </div>
      )}
    </form>
  );
}

/** The steps as a line: what is done, where we are, what comes. */
function Steps({ steps, step, over }: { steps: readonly Step[]; step: Step; over: boolean }) {
  const at = over ? steps.length : steps.indexOf(step);
  return (
    <ol className="cw-steps" aria-label={t('connect.steps')}>
      {steps.map((name, index): ReactNode => {
        const word = t(`connect.step.${name}`);
        return (
          <li key={name} className={index < at ? 'past' : index === at ? 'now' : undefined} aria-current={index === at ? 'step' : undefined}>
            <span className="cw-number" aria-hidden>
              {index < at ? <Check size={15} strokeWidth={3} /> : index + 1}
            </span>
            <span aria-label={index < at ? t('connect.stepDone', { name: word }) : undefined}>{word}</span>
          </li>
        );
      })}
    </ol>
  );
}
