import { Button } from '@mantine/core';
import { AlertTriangle, XCircle } from 'lucide-react';
import { useState } from 'react';

import type { FixAction, Problem } from '../bindings/wire';
import { formatMoment, visible } from '../lib/format';
import { t } from '../lib/words';
import { toProblem } from '../platform';
import { CopyButton } from './CopyButton';

interface Props {
  problem: Problem;
  /** What the button does here; without it the button stays away. */
  onFix?: (action: FixAction) => void;
  /** Says it loudly to a screen reader. */
  alert?: boolean;
}

/** What happened, why, and the button that mends it, where the problem is. */
export function ProblemBlock({ problem, onFix, alert = true }: Props) {
  const [open, setOpen] = useState(false);
  const mild = problem.retry === 'wait';
  const Icon = mild ? AlertTriangle : XCircle;
  const details = [problem.detail, `${problem.code}${problem.retryAt ? ` · ${formatMoment(problem.retryAt)}` : ''}`];
  return (
    <div className={`problem ${mild ? 'warn' : 'bad'}`} role={alert ? 'alert' : undefined} data-testid="problem">
      <Icon size={18} aria-hidden className="problem-icon" />
      <div className="problem-text">
        <h3>{visible(problem.title)}</h3>
        <p>{visible(problem.hint)}</p>
        <div className="row">
          {problem.fix && onFix && (
            <Button size="xs" variant="filled" onClick={() => onFix(problem.fix?.action ?? 'retry')}>
              {problem.fix.label}
            </Button>
          )}
          <Button size="xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t('common.details')}
          </Button>
        </div>
        {open && (
          <div className="problem-details mono">
            {details.filter(Boolean).map((line) => (
              <div key={line}>{visible(line ?? '')}</div>
            ))}
            <CopyButton size="compact-xs" variant="subtle" text={() => JSON.stringify(problem, null, 2)} />
          </div>
        )}
      </div>
    </div>
  );
}

/** The same for anything that was thrown, with a button that tries again. */
export function FailedRead({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const problem = toProblem(error);
  return (
    <ProblemBlock
      problem={{ ...problem, fix: { label: t('common.tryAgain'), action: 'retry' } }}
      onFix={onRetry}
    />
  );
}
