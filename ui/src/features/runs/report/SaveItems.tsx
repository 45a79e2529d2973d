import { FileSpreadsheet } from 'lucide-react';

import type { RunReport } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { SaveFile } from '../../../ui/SaveFile';
import { masks } from '../../chains/data/private';
import { fileName } from '../figures';
import { itemsCsv } from './csv';

/** Saves what became of each item as a table. */
export function SaveItems({ report }: { report: RunReport }) {
  const head = [t('runs.steps.step'), t('runs.partial.item'), t('runs.steps.state'), t('runs.steps.problem'), t('runs.partial.output')];
  return <SaveFile label={t('runs.partial.csv')} icon={FileSpreadsheet} name={fileName(report.chain, report.run, 'csv')} type="text/csv" masks={report.steps.some((step) => masks({ fields: report.private, privacy: step.privacy }))} text={(open) => itemsCsv(report, head, open)} />;
}
