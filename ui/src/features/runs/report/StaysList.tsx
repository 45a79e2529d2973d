import { Button } from '@mantine/core';
import { useState } from 'react';

import type { RunReport, UndoReport } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { Stays } from './Stays';

/** So many are shown at first: each is drawn in full. */
const SHOWN = 20;

/** What stays of a step, a part at a time. */
export function StaysList({ report, stays, many }: { report: RunReport; stays: UndoReport[]; many: boolean }) {
  const [shown, setShown] = useState(SHOWN);
  const more = stays.length - shown;
  return (
    <>
      {stays.slice(0, shown).map((undo) => (
        <Stays key={undo.item} report={report} undo={undo} many={many} />
      ))}
      {more > 0 && (
        <Button variant="subtle" onClick={() => setShown(shown + SHOWN)}>
          {t('runs.undo.more', { count: more })}
        </Button>
      )}
    </>
  );
}
