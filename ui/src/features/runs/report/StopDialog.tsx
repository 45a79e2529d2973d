import { Button, Checkbox, Modal } from '@mantine/core';
import { useState } from 'react';

import { useDo } from '../../../engine';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';

/** Asks whether what was done is to be undone. Closes by itself when the run has ended. */
export function StopDialog({ run, opened, onClose }: { run: string; opened: boolean; onClose: () => void }) {
  const [undo, setUndo] = useState(false);
  const stop = useDo('run_stop', { touches: ['run_report', 'run_list', 'health'], onSuccess: onClose });
  return (
    <Modal opened={opened} onClose={onClose} title={<strong>{t('runs.stop.title')}</strong>} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          stop.mutate({ run, undo });
        }}
      >
        <p>{t('runs.stop.body')}</p>
        <Checkbox
          className="run-undo-choice"
          checked={undo}
          disabled={stop.isPending}
          onChange={(event) => setUndo(event.currentTarget.checked)}
          label={t('runs.stop.undo')}
          description={t('runs.stop.undoAbout')}
        />
        {stop.isError && <ProblemBlock problem={toProblem(stop.error)} />}
        <div className="row run-dialog-end">
          <Button onClick={onClose}>{t('runs.stop.keep')}</Button>
          <Button type="submit" variant="filled" loading={stop.isPending} data-autofocus>
            {t('runs.stop.go')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
