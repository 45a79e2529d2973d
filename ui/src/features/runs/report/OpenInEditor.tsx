import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';

import type { RunReport } from '../../../bindings/wire';
import { send } from '../../../engine';
import { t } from '../../../lib/words';
import { ProblemError, toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { chooseRun } from '../../chains/sample';

/** Opens the chain of a run with the run's data as samples. Where the chain has changed since, asks which version. */
export function useOpenInEditor(report: RunReport) {
  const [, go] = useLocation();
  const [latest, setLatest] = useState<number>();
  const [refused, setRefused] = useState<unknown>();
  const show = () => {
    chooseRun({ chain: report.chainId, run: report.run, at: report.createdAt });
    go(`/chains/${encodeURIComponent(report.chainId)}`);
  };
  const attempt = async (work: () => Promise<void>) => {
    setRefused(undefined);
    try {
      await work();
    } catch (error) {
      setRefused(error);
    }
  };
  const open = () =>
    void attempt(async () => {
      const now = await send('chain_export', { chain: report.chainId });
      if (now.version === report.chainVersion) show();
      else setLatest(now.version);
    });
  const bringBack = () =>
    void attempt(async () => {
      const { versions } = await send('chain_versions', { chain: report.chainId });
      const then = versions.find((own) => own.version === report.chainVersion);
      if (!then) throw new ProblemError({ code: 'NOT_FOUND', title: t('runs.report.openGone', { version: report.chainVersion }), hint: t('runs.report.openGoneHint') });
      await send('chain_save', { id: report.chainId, chain: then.chain });
      show();
    });
  const words = { version: report.chainVersion, latest: latest ?? 0 };
  const dialog = (
    <Modal
      opened={latest !== undefined || refused !== undefined}
      onClose={() => {
        setLatest(undefined);
        setRefused(undefined);
      }}
      size={520}
      title={t('runs.report.openWhich')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div className="stack">
        {refused !== undefined && <ProblemBlock problem={toProblem(refused)} />}
        {latest !== undefined && (
          <>
            <p>{t('runs.report.openWhichAbout', words)}</p>
            <p className="meta">{t('runs.report.openThenAbout', words)}</p>
            <div className="row end">
              <Button onClick={bringBack}>{t('runs.report.openThen', words)}</Button>
              <Button variant="filled" onClick={show} data-autofocus>
                {t('runs.report.openLatest', words)}
              </Button>
            </div>
          </>
        )}
      </div>
    </Modal>
  );
  return { open, dialog };
}
