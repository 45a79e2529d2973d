import { Button, NumberInput, Switch } from '@mantine/core';
import { useId, useState } from 'react';

import type { HealthRules, HealthSettings, NoticeSettings } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Row, SettingsPart } from '../../ui/Row';

const NOTICES = [
  ['runFailed', 'settings.notices.runFailed', 'settings.notices.runFailedAbout'],
  ['runFinished', 'settings.notices.runFinished', 'settings.notices.runFinishedAbout'],
  ['needsSignIn', 'settings.notices.needsSignIn', 'settings.notices.needsSignInAbout'],
  ['connectionError', 'settings.notices.connectionError', 'settings.notices.connectionErrorAbout'],
] as const;

const RULES = [
  ['degradedPercent', 'settings.health.degradedPercent', 'settings.health.degradedPercentAbout'],
  ['errorPercent', 'settings.health.errorPercent', 'settings.health.errorPercentAbout'],
  ['slowFactor', 'settings.health.slowFactor', 'settings.health.slowFactorAbout'],
  ['failedChecks', 'settings.health.failedChecks', 'settings.health.failedChecksAbout'],
  ['windowMinutes', 'settings.health.windowMinutes', 'settings.health.windowMinutesAbout'],
] as const;

/** What is told to a person who does not look, and where the lines of health are drawn. */
export function NoticesPart() {
  const read = useRead('health_settings_show', {});
  return (
    <>
      <SettingsPart id="notifications" title={t('settings.notices.title')} testId="notices">
        <Read read={read} shape="settings">{(data) => <Notices data={data} />}</Read>
      </SettingsPart>
      <SettingsPart id="health" title={t('settings.health.title')} testId="health-rules">
        <Read read={read} shape="form">{(data) => <Rules key={JSON.stringify(data.rules)} data={data} />}</Read>
      </SettingsPart>
    </>
  );
}

function Notices({ data }: { data: HealthSettings }) {
  const id = useId();
  const set = useDo('health_settings_set', { touches: ['health_settings_show'] });
  const change = (part: Partial<NoticeSettings>) => set.mutate({ notices: { ...data.notices, ...part } });
  return (
    <>
      {set.isError && <ProblemBlock problem={toProblem(set.error)} />}
      {NOTICES.map(([key, word, about]) => (
        <Row key={key} title={t(word)} about={t(about, { seconds: data.notices.longRunSeconds, minutes: data.notices.quietMinutes })} id={`${id}-${key}`}>
          <Switch size="sm" aria-labelledby={`${id}-${key}`} checked={data.notices[key]} disabled={set.isPending} onChange={(event) => change({ [key]: event.currentTarget.checked })} />
        </Row>
      ))}
    </>
  );
}

function Rules({ data }: { data: HealthSettings }) {
  const id = useId();
  const [rules, setRules] = useState<HealthRules>(data.rules);
  const set = useDo('health_settings_set', { touches: ['health_settings_show', 'health_overview', 'health_detail'] });
  const changed = JSON.stringify(rules) !== JSON.stringify(data.rules);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) set.mutate({ rules });
      }}
    >
      {set.isError && <ProblemBlock problem={toProblem(set.error)} />}
      {RULES.map(([key, word, about]) => (
        <Row key={key} title={t(word)} about={t(about)} id={`${id}-${key}`}>
          <NumberInput size="xs" w={96} min={0} aria-labelledby={`${id}-${key}`} value={rules[key]} onChange={(value) => typeof value === 'number' && setRules({ ...rules, [key]: value })} />
        </Row>
      ))}
      <div className="row">
        <Button type="submit" size="xs" disabled={!changed} loading={set.isPending}>
          {t('settings.health.save')}
        </Button>
        <span role="status" className="meta">
          {set.isSuccess && !changed && t('settings.health.saved')}
        </span>
      </div>
    </form>
  );
}
