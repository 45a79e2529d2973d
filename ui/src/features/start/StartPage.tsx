import './start.css';

import { Kbd, Loader } from '@mantine/core';
import { ArrowRight, FlaskConical, Plug, type LucideIcon } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';

import { useDo, useRead } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { usePreferences } from '../../shell/preferences';
import { written } from '../../shell/shortcuts';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Drawing } from './Drawing';
import { KeyringNotice } from './KeyringNotice';
import { useSandbox } from './sandbox';

/** The first thing a person sees: what this is, and two ways to begin. */
export default function StartPage() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    document.title = `${t('start.title')} – Patchbay`;
  }, []);
  const [, go] = useLocation();
  const set = usePreferences((state) => state.set);
  const health = useRead('health', {});
  const unlock = useDo('secrets_unlock', { touches: ['secrets_status', 'health'] });
  const sandbox = useSandbox();
  const problem = sandbox.error ? toProblem(sandbox.error) : undefined;
  const keyring = keyringTrouble(health.data?.secrets, problem?.code);
  const start = () => {
    if (!sandbox.isPending) sandbox.mutate({});
  };
  return (
    <div className="page-scroll start">
      <div className="start-inner">
        {/* What to do comes before what is nice to see. */}
        {!keyring && <Drawing />}
        <header className="start-head">
          <h1 ref={heading} tabIndex={-1}>
            {t('start.title')}
          </h1>
          <p>{t('start.lead')}</p>
        </header>
        {keyring && <KeyringNotice state={keyring} busy={sandbox.isPending || unlock.isPending} onRetry={problem ? start : keyring === 'locked' ? () => unlock.mutate({}) : () => void health.refetch()} />}
        {unlock.isError && <ProblemBlock problem={toProblem(unlock.error)} />}
        {problem && !keyring && <ProblemBlock problem={{ ...problem, fix: { label: t('common.tryAgain'), action: 'retry' } }} onFix={start} />}
        <ul className="start-choices" aria-label={t('start.choices')}>
          <Choice
            icon={FlaskConical}
            title={t('start.sandbox')}
            tag={t('start.recommended')}
            promise={t('start.sandboxPromise')}
            about={sandbox.isPending ? <Starting /> : t('start.sandboxAbout')}
            busy={sandbox.isPending}
            onChoose={start}
          />
          <Choice
            icon={Plug}
            title={t('start.connect')}
            promise={t('start.connectPromise')}
            about={t('start.connectAbout')}
            onChoose={() => {
              set({ begun: true });
              go('/catalogue');
            }}
          />
        </ul>
        <p className="start-import">
          <Link href="/settings/import" onClick={() => set({ begun: true })}>
            {t('start.import')}
          </Link>
        </p>
        <p className="start-keys meta">
          {t('start.keysHint')} <Kbd size="xs">{written('Ctrl K')}</Kbd> {t('start.keysPalette')}, <Kbd size="xs">?</Kbd> {t('start.keysHelp')}.
        </p>
      </div>
    </div>
  );
}

/** What health says of the keyring, or what failed: with nothing kept yet, nobody has asked whether it is locked. */
function keyringTrouble(secrets: string | undefined, code: string | undefined): 'locked' | 'unavailable' | undefined {
  if (secrets === 'locked' || code === 'SECRET_STORE_LOCKED') return 'locked';
  if (secrets === 'unavailable' || code === 'SECRET_STORE_UNAVAILABLE') return 'unavailable';
  return undefined;
}

interface ChoiceProps {
  icon: LucideIcon;
  title: string;
  tag?: string;
  promise: string;
  about: ReactNode;
  busy?: boolean;
  onChoose: () => void;
}

/** A card that is one button: the whole of it can be clicked. */
function Choice({ icon: Icon, title, tag, promise, about, busy = false, onChoose }: ChoiceProps) {
  return (
    <li className={tag ? 'start-choice first' : 'start-choice'}>
      <div className="spread">
        <span className="start-tile" aria-hidden>
          <Icon size={20} />
        </span>
        {tag && <span className="start-tag">{tag}</span>}
      </div>
      <h2>
        <button type="button" className="start-button" aria-disabled={busy} onClick={onChoose}>
          {title}
        </button>
      </h2>
      <div className="start-about">{about}</div>
      <div className="start-foot">
        <span>{promise}</span>
        <span className="start-arrow" aria-hidden>
          {busy ? <Loader size={14} color="currentColor" /> : <ArrowRight size={16} />}
        </span>
      </div>
    </li>
  );
}

function Starting() {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 5_000);
    return () => clearTimeout(timer);
  }, []);
  return <span role="status">{t(slow ? 'start.sandboxSlow' : 'start.sandboxStarting')}</span>;
}
