import { ActionIcon, Button, Menu } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { ChevronDown, Download, Link2, ListRestart, Pause, Play, RotateCcw, Undo2, Workflow } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';

import type { RunReport } from '../../../bindings/wire';
import { send, useDo } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { platform, toProblem } from '../../../platform';
import { BusyButton } from '../../../ui/BusyButton';
import { copied } from '../../../ui/CopyButton';
import { reportWithout } from '../../chains/data/private';
import { canRunFailed, fileName, undoable } from '../figures';
import { useRunReach } from '../reach';
import { useOpenInEditor } from './OpenInEditor';

type Kind = 'json' | 'markdown' | 'html';
const FILES: Record<Kind, { ending: string; type: string }> = {
  json: { ending: 'json', type: 'application/json' },
  markdown: { ending: 'md', type: 'text/markdown' },
  html: { ending: 'html', type: 'text/html' },
};

/** What can be done with a run's report. Below 1100 px everything but the main thing folds; where more can be done about the run, below 1500 px already. */
export function RunActions({ report, again, starting }: { report: RunReport; again: (() => void) | undefined; starting: boolean }) {
  const small = useMediaQuery('(max-width: 1100px)', undefined, { getInitialValueInEffect: false });
  const middling = useMediaQuery('(max-width: 1500px)', undefined, { getInitialValueInEffect: false });
  const narrow = small || (middling && (canRunFailed(report) || undoable(report) > 0));
  const noReach = useRunReach(report);
  const tiny = useMediaQuery('(max-width: 640px)', undefined, { getInitialValueInEffect: false });
  const [said, setSaid] = useState('');
  const { open, dialog } = useOpenInEditor(report);
  const [refused, setRefused] = useState<unknown>();
  const copy = () => void copied(address(report)).then((done) => say(t(done ? 'runs.report.copied' : 'common.notCopied')));
  const keep = async (kind: Kind) => {
    setRefused(undefined);
    try {
      const file = await save(report, kind);
      if (file) say(t('common.saved', { file }));
    } catch (error) {
      setRefused(error);
    }
  };
  const say = (text: string) => {
    setSaid(text);
    setTimeout(() => setSaid(''), 3_000);
  };
  const files = (
    <>
      <Menu.Label>{t('runs.report.export')}</Menu.Label>
      {(Object.keys(FILES) as Kind[]).map((kind) => (
        <Menu.Item key={kind} onClick={() => void keep(kind)}>
          {t(`runs.report.${kind}`)}
        </Menu.Item>
      ))}
    </>
  );
  return (
    <>
      <span role="status" className="meta run-said cut">
        {said}
      </span>
      {refused !== undefined && (
        <span role="alert" className="meta bad cut" title={toProblem(refused).hint}>
          {visible(toProblem(refused).title)}
        </span>
      )}
      {dialog}
      <Further report={report} />
      {narrow ? (
        <Drop label={t('runs.report.more')}>
          <Menu.Item leftSection={<Workflow size={16} aria-hidden />} onClick={open}>
            {t('runs.report.openEditor')}
          </Menu.Item>
          <Menu.Item leftSection={<Link2 size={16} aria-hidden />} onClick={copy}>
            {t('runs.report.copyLink')}
          </Menu.Item>
          <Menu.Divider />
          {files}
        </Drop>
      ) : (
        <>
          <Button leftSection={<Link2 size={16} aria-hidden />} onClick={copy}>
            {t('runs.report.copyLink')}
          </Button>
          <Drop label={t('runs.report.export')} icon={<Download size={16} aria-hidden />}>
            {files}
          </Drop>
          <Button leftSection={<Workflow size={16} aria-hidden />} onClick={open}>
            {t('runs.report.openEditor')}
          </Button>
        </>
      )}
      {again && tiny && (
        <ActionIcon variant="filled" aria-label={t('runs.report.runAgain')} title={noReach} disabled={noReach !== undefined} loading={starting} onClick={again}>
          <RotateCcw size={16} />
        </ActionIcon>
      )}
      {again && !tiny && (
        <BusyButton variant="filled" leftSection={<RotateCcw size={16} aria-hidden />} busy={starting} why={noReach} onClick={again}>
          {t('runs.report.runAgain')}
        </BusyButton>
      )}
    </>
  );
}

const TOUCHES = ['run_report', 'run_list', 'health'] as const;
/** Under way: it can be held. */
const LIVE = new Set(['queued', 'running', 'waiting']);

/** Holds a run and lets it go on; runs what failed of one that has ended. */
function Further({ report }: { report: RunReport }) {
  const [, go] = useLocation();
  const failed = useDo('run_failed', { touches: [...TOUCHES], onSuccess: (run) => go(`/runs/${encodeURIComponent(run.id)}`) });
  const hold = useDo('run_pause', { touches: [...TOUCHES] });
  const resume = useDo('run_resume', { touches: [...TOUCHES] });
  const undo = useDo('run_undo', { touches: [...TOUCHES] });
  const trouble = failed.error ?? undo.error ?? hold.error ?? resume.error;
  const back = undoable(report);
  const noReach = useRunReach(report);
  return (
    <>
      {trouble && (
        <span role="alert" className="meta bad cut">
          {toProblem(trouble).hint}
        </span>
      )}
      {canRunFailed(report) && (
        <BusyButton leftSection={<ListRestart size={16} aria-hidden />} busy={failed.isPending} why={noReach} onClick={() => failed.mutate({ run: report.run })}>
          {t('runs.report.runFailed')}
        </BusyButton>
      )}
      {back > 0 && (
        <BusyButton leftSection={<Undo2 size={16} aria-hidden />} busy={undo.isPending} why={noReach} onClick={() => undo.mutate({ run: report.run })}>
          {t('runs.report.undo', { count: back })}
        </BusyButton>
      )}
      {LIVE.has(report.state) && !report.interrupted && (
        <Button leftSection={<Pause size={16} aria-hidden />} loading={hold.isPending} onClick={() => hold.mutate({ run: report.run })}>
          {t('runs.report.pause')}
        </Button>
      )}
      {report.state === 'paused' && (
        <Button leftSection={<Play size={16} aria-hidden />} loading={resume.isPending} onClick={() => resume.mutate({ run: report.run })}>
          {t('runs.report.resume')}
        </Button>
      )}
    </>
  );
}

function Drop({ label, icon, children }: { label: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button leftSection={icon} rightSection={<ChevronDown size={14} aria-hidden />}>
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

/** What opens this report again: the window has addresses of its own. */
function address(report: RunReport): string {
  const id = encodeURIComponent(report.run);
  return platform.kind === 'window' ? `patchbay://open/run/${id}` : `${location.origin}${location.pathname}#/runs/${id}`;
}

/** Saves the report as a file; gives its name. */
async function save(report: RunReport, kind: Kind): Promise<string | undefined> {
  const { ending, type } = FILES[kind];
  const text = kind === 'json' ? JSON.stringify(reportWithout(report), null, 2) : ((await send('run_report', { run: report.run, render: kind })).rendered ?? '');
  return platform.saveFile(fileName(report.chain, report.run, ending), type, text);
}
