import { Button } from '@mantine/core';
import { FileSpreadsheet } from 'lucide-react';
import { useState } from 'react';

import type { RunReport } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { platform, toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { fileName } from '../figures';
import { itemsCsv } from './csv';

/** Saves what became of each item as a table. */
export function SaveItems({ report }: { report: RunReport }) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [refused, setRefused] = useState<unknown>();
  const save = async () => {
    setBusy(true);
    setRefused(undefined);
    try {
      const head = [t('runs.steps.step'), t('runs.partial.item'), t('runs.steps.state'), t('runs.steps.problem'), t('runs.partial.output')];
      const file = await platform.saveFile(fileName(report.chain, report.run, 'csv'), 'text/csv', await itemsCsv(report, head));
      setSaid(file === undefined ? '' : t('runs.report.saved', { file }));
    } catch (error) {
      setRefused(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack">
      <div className="row">
        <Button size="xs" leftSection={<FileSpreadsheet size={14} aria-hidden />} loading={busy} onClick={() => void save()}>
          {t('runs.partial.csv')}
        </Button>
        <span className="meta" role="status">
          {said}
        </span>
      </div>
      {refused !== undefined && <ProblemBlock problem={toProblem(refused)} />}
    </div>
  );
}
