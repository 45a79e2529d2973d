import { Button } from '@mantine/core';
import { GitFork } from 'lucide-react';

import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import type { ChainEditor } from '../useChainEditor';

/** The chain was saved elsewhere while it was changed here: nothing is overwritten before somebody says so. */
export function Overtaken({ editor }: { editor: ChainEditor }) {
  const busy = editor.state === 'saving';
  return (
    <div className="problem warn" role="alert" data-testid="overtaken">
      <GitFork size={18} aria-hidden className="problem-icon" />
      <div className="problem-text">
        <h3>{t('chains.overtaken.title', { name: visible(editor.chain?.name ?? '') })}</h3>
        <p>{t('chains.overtaken.about')}</p>
        <div className="row">
          <Button size="xs" variant="filled" disabled={busy} onClick={() => editor.settle('theirs')}>
            {t('chains.overtaken.theirs')}
          </Button>
          <Button size="xs" disabled={busy} onClick={() => editor.settle('copy')}>
            {t('chains.overtaken.copy')}
          </Button>
          <Button size="xs" variant="subtle" disabled={busy} onClick={() => editor.settle('mine')}>
            {t('chains.overtaken.mine')}
          </Button>
        </div>
      </div>
    </div>
  );
}
