import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { Mark, STEP } from '../../ui/states';
import type { StepView } from './useStepViews';

interface Props {
  view: StepView;
  selected: boolean;
  /** In a group of steps only one is a Tab stop. */
  tabbable: boolean;
  onOpen: (id: string) => void;
}

/** One step, the same on the canvas and in the list. */
export function StepCard({ view, selected, tabbable, onOpen }: Props) {
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
      <BrandMark icon={view.icon} name={view.tool} size={30} />
      <span className="step-text">
        <span className="out-of-sight">{t('chains.stepOf', { at: view.at + 1, of: view.of })} </span>
        <span className="step-name cut">{visible(view.name)} </span>
        <span className="step-line cut">{visible(view.line)}</span>
        {!view.trouble && !view.state && <span className="out-of-sight"> {t('chains.ready')}</span>}
      </span>
      {view.trouble ? (
        <span className="pill bad">{t('chains.fix')}</span>
      ) : (
        view.state && view.state !== 'waiting' && <Mark look={STEP[view.state]} />
      )}
    </button>
  );
}
