import { AlertTriangle, Combine, CornerDownRight, Filter, GitBranch, GitMerge, Hourglass, Link2, ListTree, Pin, Repeat, Search, StickyNote, UserCheck, Webhook, Workflow, type LucideIcon } from 'lucide-react';

import type { Logic } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { Mark, STEP } from '../../ui/states';
import { useNow } from '../../ui/useNow';
import { retryWords, type Retry } from './run/retry';
import type { StepView, StopView } from './useStepViews';

interface Props {
  view: StepView;
  selected: boolean;
  /** In a group of steps only one is a Tab stop. */
  tabbable: boolean;
  /** Where nothing around it says what it goes through. */
  withEach?: boolean;
  /** Where what says that matches want a look may be hidden: the step carries it then. */
  withLook?: boolean;
  onOpen: (id: string) => void;
}

/** What a step that works by itself looks like. */
const LOOKS: Record<Logic['type'], LucideIcon> = {
  filter: Filter,
  map: StickyNote,
  split: ListTree,
  aggregate: Combine,
  branch: GitBranch,
  join: GitMerge,
  wait: Hourglass,
  delivery: Webhook,
  approval: UserCheck,
  chain: Workflow,
  remember: StickyNote,
  recall: Repeat,
  lookup: Search,
  link: Link2,
  linked: Link2,
};

/** What stands where a tool has its mark. */
export function LogicMark({ type }: { type: Logic['type'] }) {
  const Icon = LOOKS[type];
  return (
    <span className="logic-mark" aria-hidden>
      <Icon size={16} />
    </span>
  );
}

/** One step, the same on the canvas and in the list. */
export function StepCard({ view, selected, tabbable, withEach = false, withLook = false, onOpen }: Props) {
  const tone = view.trouble ? 'bad' : view.state && view.state !== 'waiting' ? STEP[view.state].tone : '';
  return (
    <button
      type="button"
      className={`step-card ${tone}${selected ? ' selected' : ''}`}
      data-step={view.id}
      tabIndex={tabbable ? 0 : -1}
      aria-current={selected ? 'step' : undefined}
      onClick={() => onOpen(view.id)}
    >
      {view.logic ? <LogicMark type={view.logic} /> : <BrandMark icon={view.icon} name={view.tool} size={30} />}
      <span className="step-text">
        <span className="out-of-sight">{t('chains.stepOf', { at: view.at + 1, of: view.of })} </span>
        <span className="step-name cut">{visible(view.name)} </span>
        <span className="step-line cut">
          {view.retry ? <Countdown retry={view.retry} /> : visible(view.line)}
          {view.each !== undefined && <span className={withEach ? undefined : 'out-of-sight'}> · {visible(view.each)}</span>}
        </span>
        {!view.trouble && !view.state && <span className="out-of-sight"> {t('chains.ready')}</span>}
      </span>
      {withLook && view.look > 0 && (
        <span className="pill warn figures step-look" role="img" aria-label={t('chains.toCheck', { count: view.look })}>
          <AlertTriangle size={18} aria-hidden />
          {view.look}
        </span>
      )}
      {view.pinned && <Pin size={14} role="img" aria-label={t('chains.data.isPinned')} className="step-pin" />}
      {view.trouble ? (
        <span className="pill bad">{t('chains.fix')}</span>
      ) : (
        view.state && view.state !== 'waiting' && <Mark look={STEP[view.state]} />
      )}
    </button>
  );
}

/** How long until it is tried again: for the eye alone, a screen reader is told that it is being retried. */
function Countdown({ retry }: { retry: Retry }) {
  return <span aria-hidden>{retryWords(retry, useNow(500).getTime())}</span>;
}

/** A way of a branch, the same on the canvas and in the list. */
export function WayCard({ stop, selected, tabbable, onOpen }: { stop: StopView & { kind: 'way' | 'section' }; selected: boolean; tabbable: boolean; onOpen: (id: string) => void }) {
  return (
    <button
      type="button"
      className={selected ? 'way-card selected' : 'way-card'}
      data-step={stop.id}
      tabIndex={tabbable ? 0 : -1}
      aria-current={selected ? 'step' : undefined}
      onClick={() => onOpen(stop.flow.way?.branch ?? '')}
    >
      <CornerDownRight size={14} aria-hidden />
      <span className="out-of-sight">{t('chains.flow.way')} </span>
      <span className="way-name cut">{visible(stop.name)}</span>
      <span className="meta cut">
        {visible(stop.line)}
        {stop.flow.way?.empty && ` · ${t('chains.flow.empty')}`}
      </span>
    </button>
  );
}
