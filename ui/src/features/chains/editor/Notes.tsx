import { Button } from '@mantine/core';
import { FlaskConical } from 'lucide-react';

import { formatMoment } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { forgetRun, type SampleRun } from '../sample';
import type { ChainEditor } from '../useChainEditor';
import { Overtaken } from './Overtaken';
import { isOvertaken } from './saveChain';
import type { Running } from './useRunning';

/** What stands over the steps: what was not kept, what could not be run, and whose data is shown. */
export function Notes({ editor, running, sample }: { editor: ChainEditor; running: Running; sample: SampleRun | undefined }) {
  return (
    <>
      {editor.state === 'failed' && editor.problem && (
        <div className="editor-note">
          {isOvertaken(editor.problem) ? <Overtaken editor={editor} /> : <ProblemBlock problem={editor.problem} onFix={editor.retry} />}
        </div>
      )}
      {running.refused !== undefined && (
        <div className="editor-note">
          <ProblemBlock problem={toProblem(running.refused)} onFix={() => running.refuse(undefined)} />
        </div>
      )}
      {sample && (
        <div className="editor-note row sample-note" role="status" data-testid="sample-run">
          <FlaskConical size={16} aria-hidden />
          <span>{t('chains.sampleRun.about', { at: formatMoment(sample.at) })}</span>
          <Button size="compact-xs" variant="subtle" onClick={forgetRun}>
            {t('chains.sampleRun.forget')}
          </Button>
        </div>
      )}
    </>
  );
}
