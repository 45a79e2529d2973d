import { Button } from '@mantine/core';
import { useState } from 'react';

import type { RunReport, StepReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { shownCount } from '../figures';
import { Fold } from './Fold';
import { Part } from './Part';
import { RequestView } from './RequestView';

const FIRST = 3;

/** The requests of a dry run: built, and not sent. */
export function ShownRequests({ report }: { report: RunReport }) {
  const steps = report.steps.filter((step) => (step.shown?.length ?? 0) > 0);
  if (steps.length === 0) return null;
  return (
    <Part title={t('runs.shown.title')} about={t('runs.shown.about')}>
      {steps.map((step, index) => (
        <Fold key={step.step} open={index === 0} title={visible(step.name)} aside={t('runs.shown.count', { count: Math.max(shownCount(step), step.shown?.length ?? 0) })}>
          <Requests step={step} />
        </Fold>
      ))}
    </Part>
  );
}

function Requests({ step }: { step: StepReport }) {
  const [all, setAll] = useState(false);
  const shown = step.shown ?? [];
  const rest = shown.length - FIRST;
  return (
    <>
      {(all ? shown : shown.slice(0, FIRST)).map((request, index) => (
        <RequestView key={index} request={request} step={step.step} />
      ))}
      {!all && rest > 0 && (
        <div>
          <Button size="compact-sm" onClick={() => setAll(true)}>
            {t('runs.shown.more', { count: rest })}
          </Button>
        </div>
      )}
      {all && shownCount(step) > shown.length && <p className="meta">{t('runs.shown.only', { count: shown.length })}</p>}
    </>
  );
}
