import { Button } from '@mantine/core';

import { useRead } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Read } from '../../../ui/Read';
import { RawItem } from '../../connect/RawItem';
import { forgetSample, type Sample } from '../sample';

/** The signal that was chosen to stand for what starts the chain. */
export function SamplePart({ sample }: { sample: Sample }) {
  const read = useRead('signal_show', { id: sample.signal });
  return (
    <section className="stack" aria-labelledby="chain-sample" data-testid="chain-sample">
      <div className="spread">
        <h3 id="chain-sample">{t('chains.start.sample')}</h3>
        <Button size="compact-xs" variant="subtle" onClick={forgetSample}>
          {t('chains.start.sampleForget')}
        </Button>
      </div>
      <p className="meta">{t('chains.start.sampleAbout', { summary: visible(sample.summary), connection: visible(sample.connection) })}</p>
      <Read read={read} rows={2}>
        {({ signal: { raw, ...signal } }) => (
          <>
            <pre className="json" tabIndex={0} aria-label={t('chains.start.sample')}>
              {visible(JSON.stringify(signal, null, 2))}
            </pre>
            {raw !== null && <RawItem key={signal.id} raw={raw} connector={signal.connector} stream={signal.stream} />}
          </>
        )}
      </Read>
    </section>
  );
}
