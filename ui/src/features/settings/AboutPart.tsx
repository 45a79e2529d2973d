import { useMantineColorScheme } from '@mantine/core';
import { useRef } from 'react';

import type { About } from '../../bindings/wire';
import { send, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { locale } from '../../lib/locale';
import { t } from '../../lib/words';
import { platform, toProblem } from '../../platform';
import { copied } from '../../ui/CopyButton';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Row } from '../../ui/Row';
import { SaveFile } from '../../ui/SaveFile';
import { BusyButton } from '../../ui/BusyButton';
import { useMutation } from '@tanstack/react-query';
import { diagnostics } from './diagnostics';
import { useAskedFocus } from './useAskedFocus';

/** What this program is, and what to pass on where it is in trouble. */
export function AboutRows({ what }: { what: string | undefined }) {
  const about = useRead('about_show', {});
  const logs = useRead('log_settings_show', {}).data;
  return (
    <Read read={about} rows={3} shape="settings">
      {(data) => (
        <>
          <Row title={t('settings.about.version')} about={t('settings.about.versionAbout', { version: data.version, installed: t(`settings.about.installed.${data.installed}`) })} />
          <Row title={t('settings.about.updates')} about={t(`settings.about.updatesAbout.${data.installed}`)} />
          <Row title={t('settings.about.licence')} about={t('settings.about.licenceAbout')} />
          <Row title={t('settings.about.marks')} about={t('settings.about.marksAbout')} />
          <Row title={t('settings.logs.title')} about={logs ? t('settings.about.logsAbout', { folder: visible(logs.folder) }) : ''}>
            {/* JSON lines, which every program opens as text. */}
            <SaveFile label={t('settings.about.logsSave')} name="patchbay.log" type="text/plain" text={async () => (await send('log_text', {})).text} />
          </Row>
          <Diagnostics about={data} asked={what === 'diagnostics'} />
        </>
      )}
    </Read>
  );
}

/** Copies what somebody who helps needs to know. */
function Diagnostics({ about, asked }: { about: About; asked: boolean }) {
  const { colorScheme } = useMantineColorScheme();
  const button = useRef<HTMLButtonElement>(null);
  const copy = useMutation({
    networkMode: 'always',
    mutationFn: async () => {
      const [health, secrets, queues, gateway, logs] = await Promise.all([
        send('health', {}),
        send('secrets_status', {}),
        send('queue_stats', {}),
        send('gateway_show', {}),
        send('log_settings_show', {}),
      ]);
      const prefers = (what: string) => window.matchMedia(`(prefers-${what})`).matches;
      const text = diagnostics({
        about,
        health,
        secrets,
        queues,
        gateway,
        logs,
        page: {
          host: platform.kind,
          agent: navigator.userAgent,
          language: locale,
          zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          size: `${window.innerWidth} × ${window.innerHeight}, ${window.devicePixelRatio}`,
          theme: colorScheme,
          motion: prefers('reduced-motion: reduce') ? 'reduced' : 'usual',
          contrast: prefers('contrast: more') ? 'more' : 'usual',
        },
      });
      return { text, done: await copied(text) };
    },
  });
  // Asked for elsewhere, such as in the palette: the button is at hand, and what it copies is seen first.
  useAskedFocus(asked, button);
  return (
    <>
      {copy.isError && <ProblemBlock problem={toProblem(copy.error)} />}
      <Row title={t('settings.about.diagnostics')} about={t('settings.about.diagnosticsAbout')}>
        <BusyButton ref={button} size="xs" busy={copy.isPending} onClick={() => copy.mutate()}>
          {t('settings.about.diagnosticsGo')}
        </BusyButton>
      </Row>
      <div role="status">
        {copy.data && (
          <>
            <p className="st-said">{t(copy.data.done ? 'settings.about.copied' : 'settings.about.notCopied')}</p>
            <pre className="json" tabIndex={0} aria-label={t('settings.about.diagnostics')} data-testid="diagnostics">
              {copy.data.text}
            </pre>
          </>
        )}
      </div>
    </>
  );
}
