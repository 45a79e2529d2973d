import { Button } from '@mantine/core';
import { AlertTriangle, CheckCircle2, Info, XCircle, type LucideIcon } from 'lucide-react';

import type { Chain, Finding, Level } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import type { Narrowing } from '../ConfirmRun';
import { POLICY } from '../fresh';
import { allSteps } from '../flow/outline';
import type { Opening } from '../step/StepPanel';
import type { Tools } from '../useTools';
import { below, withoutSource } from './said';
import { leftOut } from './spare';

/** In this order. */
export const LEVELS: Level[] = ['blocker', 'warning', 'effect', 'pass'];
const LOOKS: Record<Level, { icon: LucideIcon; tone: string }> = {
  blocker: { icon: XCircle, tone: 'bad' },
  warning: { icon: AlertTriangle, tone: 'warn' },
  effect: { icon: Info, tone: 'idle' },
  pass: { icon: CheckCircle2, tone: 'ok' },
};

interface Props {
  level: Level;
  /** Those of this level. */
  findings: Finding[];
  chain: Chain;
  tools: Tools;
  /** Steps that a run could go without. */
  spare: string[];
  onMend: (finding: Finding) => void;
  onShow: (step: string, how?: Opening) => void;
  onRun: (how?: Narrowing) => void;
}

/** Findings of one level, each with its buttons. */
export function Group({ level, findings, ...rest }: Props) {
  const { icon: Icon, tone } = LOOKS[level];
  return (
    <section className="card findings" aria-label={t(`chains.checks.${level}`)}>
      <h3 className="row">
        <span className={`pill ${tone}`}>
          <Icon size={14} aria-hidden />
          {t(`chains.checks.${level}`)} {level !== 'effect' && `(${findings.length})`}
        </span>
      </h3>
      {findings.map((finding, index) => (
        <One key={`${finding.step ?? ''}-${index}`} finding={finding} level={level} tone={tone} {...rest} />
      ))}
    </section>
  );
}

function One({ finding, level, tone, chain, tools, spare, onMend, onShow, onRun }: Omit<Props, 'findings'> & { finding: Finding; tone: string }) {
  const steps = allSteps(chain);
  const step = steps.find((own) => own.id === finding.step);
  const without = leftOut(finding, steps, spare);
  const names = (without ?? []).map((id) => `“${visible(tools.name(steps.find((own) => own.id === id) ?? { id, policy: POLICY }))}”`).join(', ');
  const rest = below(finding);
  const sourceless = withoutSource(finding, step);
  const fewer = finding.remedy?.type === 'fewer_items';
  return (
    <div className={`finding ${tone}`}>
      {finding.problem && <div className="finding-title">{sourceless === undefined ? visible(finding.problem.title) : t('chains.checks.noSource', { field: visible(sourceless) })}</div>}
      {rest && <p>{visible(rest)}</p>}
      {finding.problem?.fix?.action === 'wait' && level === 'warning' && <p className="meta">{t('chains.checks.waits')}</p>}
      {level !== 'pass' && level !== 'effect' && (
        <div className="row">
          <Button size="xs" variant={level === 'blocker' ? 'filled' : 'default'} onClick={() => onMend(finding)}>
            {fewer ? t('chains.checks.fewer') : ((sourceless === undefined ? finding.problem?.fix?.label : t('chains.checks.chooseSource')) ?? t(finding.remedy?.type === 'webhooks' ? 'chains.checks.webhooks' : 'chains.fix'))}
          </Button>
          {without && (
            <Button size="xs" onClick={() => onRun({ without })}>
              {t('chains.checks.without', { names })}
            </Button>
          )}
          {step && (
            <Button size="xs" variant="subtle" onClick={() => onShow(step.id)}>
              {t('chains.checks.show')}: {visible(tools.name(step))}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
