import { Button } from '@mantine/core';

import type { ItemProblem, RunReport, StepReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { useItem } from '../data/useItem';
import { WentIn } from '../data/WentIn';

interface Props {
  run: RunReport;
  step: StepReport;
  /** What the step is called. */
  name: string;
  /** The item, and what went wrong with it. */
  item: ItemProblem;
  /** The item itself is shown along with it. */
  withItem: boolean;
  /** What the problem's own button does; none where it is mended nowhere here. */
  fix: (() => void) | undefined;
  /** Opens the step at its fields, or at this item. */
  onShow: (tab: 'mapping' | 'data') => void;
}

/** What went wrong with an item: its button does what it says, and the item itself is here, or a press away. */
export function StepProblem({ run, step, name, item: { item, problem }, withItem, fix, onShow }: Props) {
  const mends = problem.fix?.action === 'edit_mapping' || problem.fix?.action === 'edit_input' ? () => onShow('mapping') : fix;
  return (
    <section className="stack tight" aria-label={t('chains.live.failedItem', { step: visible(name), item: item + 1 })}>
      <p className="meta figures">{step.itemsIn > 1 ? t('runs.question.stepOf', { step: visible(name), item: item + 1 }) : visible(name)}</p>
      {/* The editor says aloud that the step failed, and why. */}
      <ProblemBlock problem={problem} alert={false} {...(mends ? { onFix: mends } : {})} />
      {withItem && <Item run={run.run} step={step.step} item={item} />}
      <div>
        <Button size="xs" variant="subtle" onClick={() => onShow('data')}>
          {t('chains.live.item')}
        </Button>
      </div>
    </section>
  );
}

function Item({ run, step, item }: { run: string; step: string; item: number }) {
  const found = useItem(run, step, item);
  if (!found) return null;
  const { private: fields, privacy, givenUnknown } = found.of;
  return <WentIn item={found.item} privates={{ fields, privacy }} givenUnknown={givenUnknown} />;
}
