import { NumberInput, Select, Switch } from '@mantine/core';
import { useId } from 'react';

import type { ConnectionView, Keep } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';

const USUAL_DAYS = 30;
const MOST_DAYS = 3_650;

/** How long what came in is kept, and whether it can be searched. */
export function KeepingPart({ connection }: { connection: ConnectionView }) {
  const id = useId();
  const read = useRead('keeping_show', { name: connection.name });
  const set = useDo('keeping_set', { touches: ['keeping_show', 'signal_search'] });
  const keep = (value: Keep) => set.mutate({ name: connection.name, keep: value });
  return (
    <section className="card cn-keeping" aria-labelledby={id}>
      <h2 id={id}>{t('connections.keeping.title')}</h2>
      <p className="meta">{t('connections.keeping.about')}</p>
      {set.isError && <ProblemBlock problem={toProblem(set.error)} />}
      <Read read={read} rows={2} shape="settings">
        {(data) => {
          const days = typeof data.keep === 'object' ? data.keep.days : undefined;
          return (
            <>
              <div className="row">
                <Select
                  label={t('connections.keeping.keep')}
                  data={(['days', 'all', 'nothing'] as const).map((value) => ({ value, label: t(`connections.keeping.${value}`) }))}
                  value={typeof data.keep === 'object' ? 'days' : data.keep}
                  allowDeselect={false}
                  disabled={set.isPending}
                  onChange={(value) => keep(value === 'all' || value === 'nothing' ? value : { days: days ?? USUAL_DAYS })}
                />
                {days !== undefined && (
                  <NumberInput
                    key={days}
                    label={t('connections.keeping.number')}
                    defaultValue={days}
                    min={1}
                    max={MOST_DAYS}
                    allowDecimal={false}
                    clampBehavior="blur"
                    onBlur={(event) => {
                      const wanted = Math.round(Number(event.currentTarget.value));
                      if (wanted >= 1 && wanted <= MOST_DAYS && wanted !== days) keep({ days: wanted });
                    }}
                  />
                )}
              </div>
              <Switch
                label={t('connections.keeping.private')}
                description={t('connections.keeping.privateAbout')}
                checked={data.private}
                disabled={set.isPending}
                onChange={(event) => set.mutate({ name: connection.name, private: event.currentTarget.checked })}
              />
            </>
          );
        }}
      </Read>
    </section>
  );
}
