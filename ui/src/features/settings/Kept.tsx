import { Button } from '@mantine/core';

import { useDo, useRead } from '../../engine';
import { formatBytes, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Row } from '../../ui/Row';
import { BusyButton } from '../../ui/BusyButton';
import { EngineForm } from '../engine/EngineForm';
import { useLocation } from 'wouter';

/** How much is kept, for how long, and a copy of it by hand. */
export function Kept() {
  const [, go] = useLocation();
  const about = useRead('about_show', {}).data;
  const copy = useDo('backup', { touches: ['about_show'] });
  const made = copy.data?.file;
  return (
    <>
      {copy.isError && <ProblemBlock problem={toProblem(copy.error)} />}
      <Row
        title={t('settings.kept.size')}
        about={about ? t(about.copies > 0 ? 'settings.kept.sizeAbout' : 'settings.kept.sizeOnly', { size: formatBytes(about.databaseBytes), count: about.copies, copiesSize: formatBytes(about.copiesBytes), folder: visible(about.dataFolder) }) : ''}
      />
      <Row title={t('settings.kept.copy')} about={made ? t('settings.kept.copied', { file: visible(made.split('/').at(-1) ?? made) }) : t('settings.kept.copyAbout')}>
        <BusyButton size="xs" busy={copy.isPending} onClick={() => copy.mutate({})}>
          {t('settings.kept.copyGo')}
        </BusyButton>
      </Row>
      <EngineForm part="kept" />
      <Row title={t('settings.kept.retention')} about={t('settings.kept.retentionAbout')}>
        <Button size="xs" onClick={() => go('/connections')}>
          {t('settings.kept.retentionGo')}
        </Button>
      </Row>
    </>
  );
}
