import { Select } from '@mantine/core';

import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Row, SettingsPart } from '../../ui/Row';
import { EngineForm } from '../engine/EngineForm';

const LEVELS = ['off', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** How services are called, how background work is done, and how much is logged. */
export function EnginePart() {
  const logs = useRead('log_settings_show', {});
  const set = useDo('log_settings_set', { touches: ['log_settings_show'] });
  return (
    <>
      <SettingsPart id="engine" title={t('settings.engine.title')} about={t('settings.engine.about')}>
        <EngineForm />
      </SettingsPart>
      <SettingsPart id="logs" title={t('settings.logs.title')}>
        {set.isError && <ProblemBlock problem={toProblem(set.error)} />}
        <Read read={logs} rows={1} shape="settings">
          {(data) => (
            <Row title={t('settings.logs.level')} about={t('settings.logs.about', { folder: visible(data.folder) })} id="st-log-level">
              <Select
                size="xs"
                w={160}
                aria-labelledby="st-log-level"
                data={LEVELS.map((value) => ({ value, label: t(`settings.logs.${value}`) }))}
                value={data.level}
                allowDeselect={false}
                disabled={set.isPending}
                onChange={(level) => level && set.mutate({ level })}
              />
            </Row>
          )}
        </Read>
      </SettingsPart>
    </>
  );
}
