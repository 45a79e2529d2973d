import { Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { ConnectionView, StreamsResponse, StreamView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatAgo, formatCount, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { useNoReach } from '../../ui/reach';
import { BusyButton } from '../../ui/BusyButton';
import { gapWords } from './gaps';

/** Seconds that are offered. */
const OFFERED = [60, 300, 900, 3_600, 21_600, 86_400];

/** How and when each stream is read by itself. */
export function Streams({ connection }: { connection: ConnectionView }) {
  const read = useRead('connection_streams', { name: connection.name });
  const noReach = useNoReach(connection.origins);
  return (
    <section className="card cn-streams" data-testid="streams">
      <h3>{t('connections.streams.title')}</h3>
      <Read read={read} rows={2}>
        {(data) =>
          data.streams.length === 0 ? (
            <p className="meta">{t('connections.nothingToSync')}</p>
          ) : (
            <>
              <ul>
                {data.streams.map((stream) => (
                  <Row key={stream.id} name={connection.name} paused={connection.paused} noReach={noReach} stream={stream} />
                ))}
              </ul>
              <Gaps data={data} />
            </>
          )
        }
      </Read>
    </section>
  );
}

/** What a stream does now, in words. */
function doing(stream: StreamView, paused: boolean): string {
  if (paused) return t('connections.streams.paused');
  if (stream.progress) return t('connections.streams.reading', { pages: formatCount(stream.progress.pages), items: formatCount(stream.progress.items) });
  if (stream.state === 'waiting' && stream.nextAt) return t('connections.streams.waiting', { ago: formatAgo(stream.nextAt) });
  if (stream.state !== 'idle') return t(`connections.streams.state.${stream.state}`);
  return stream.nextAt ? t('connections.streams.next', { ago: formatAgo(stream.nextAt) }) : t('connections.streams.state.idle');
}

function last(stream: StreamView): string {
  if (!stream.lastOkAt) return t('connections.streams.never');
  return t('connections.streams.last', { ago: formatAgo(stream.lastOkAt), count: stream.lastNew ?? 0 });
}

/** Seconds as a person says them. */
function every(seconds: number): string {
  const [unit, size] = ([['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]] as const).find(([, size]) => seconds % size === 0) ?? ['second', 1];
  return t(`connections.streams.every.${unit}`, { count: seconds / size });
}

function Row({ name, paused, noReach, stream }: { name: string; paused: boolean; noReach: string | undefined; stream: StreamView }) {
  const touches = { touches: ['connection_streams', 'connection_list', 'connection_show'] as const };
  const set = useDo('stream_set', { touches: [...touches.touches] });
  const now = useDo('sync_now', { touches: [...touches.touches] });
  const cancel = useDo('sync_cancel', { touches: [...touches.touches] });
  const [pattern, setPattern] = useState<string>();
  const at = { name, stream: stream.id };
  const title = visible(stream.title);
  const problem = [set, now, cancel].find((one) => one.isError)?.error;
  const offered = OFFERED.includes(stream.intervalSeconds) ? OFFERED : [...OFFERED, stream.intervalSeconds].sort((a, b) => a - b);
  const chosen = pattern !== undefined || stream.cron ? 'pattern' : stream.ownInterval ? String(stream.intervalSeconds) : 'usual';
  const choose = (value: string) => {
    if (value === 'pattern') return setPattern(stream.cron ?? '0 9 * * MON-FRI');
    setPattern(undefined);
    set.mutate(value === 'usual' ? { ...at, usual: true } : { ...at, intervalSeconds: Number(value) });
  };
  const reads = stream.state === 'reading' || stream.state === 'queued' || stream.state === 'waiting';
  return (
    <li className="cn-stream">
      <Switch
        size="sm"
        aria-label={t('connections.streams.on', { stream: title })}
        checked={stream.on}
        onChange={(event) => set.mutate({ ...at, on: event.currentTarget.checked })}
      />
      <div className="cn-words">
        <span className="cn-stream-title">{title}</span>
        <span className="meta">{`${doing(stream, paused)} · ${last(stream)}`}</span>
      </div>
      <NativeSelect
        className="cn-every"
        aria-label={t('connections.streams.rhythm', { stream: title })}
        value={chosen}
        disabled={!stream.on}
        data={[
          { value: 'usual', label: stream.ownInterval || stream.cron ? t('connections.streams.usual') : t('connections.streams.usualIs', { every: every(stream.intervalSeconds) }) },
          ...offered.map((seconds) => ({ value: String(seconds), label: every(seconds) })),
          { value: 'pattern', label: t('connections.streams.pattern') },
        ]}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {reads ? (
        <BusyButton size="xs" h={30} px={10} busy={cancel.isPending} onClick={() => cancel.mutate(at)}>
          {t('connections.streams.stop')}
        </BusyButton>
      ) : (
        <BusyButton size="xs" h={30} px={10} busy={now.isPending} disabled={paused} why={noReach} onClick={() => now.mutate(at)}>
          {t('connections.menu.sync')}
        </BusyButton>
      )}
      {chosen === 'pattern' && (
        <form
          className="cn-pattern"
          onSubmit={(event) => {
            event.preventDefault();
            const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
            set.mutate({ ...at, cron: (pattern ?? stream.cron ?? '').trim(), zone }, { onSuccess: () => setPattern(undefined) });
          }}
        >
          <TextInput
            label={t('connections.streams.patternLabel')}
            description={pattern === undefined && stream.cronWords ? `${stream.cronWords} (${stream.zone ?? 'UTC'})` : t('connections.streams.patternHelp')}
            spellCheck={false}
            autoComplete="off"
            value={pattern ?? stream.cron ?? ''}
            onChange={(event) => setPattern(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" h={30} disabled={pattern === undefined}>
            {t('common.save')}
          </Button>
        </form>
      )}
      {stream.problem && (stream.state === 'stopped' || stream.state === 'waiting' || stream.failures > 0) && (
        <p className="cn-stream-problem">{`${visible(stream.problem.title)}. ${visible(stream.problem.hint)}`}</p>
      )}
      {problem !== undefined && <ProblemBlock problem={toProblem(problem)} />}
    </li>
  );
}

/** Times from which something may be missing. */
function Gaps({ data }: { data: StreamsResponse }) {
  if (data.gaps.length === 0) return null;
  return (
    <div className="cn-warned">
      {t('connections.streams.gaps')}
      <ul>
        {data.gaps.slice(0, 10).map((gap) => (
          <li key={`${gap.stream} ${gap.from}`}>{gapWords(gap)}</li>
        ))}
      </ul>
    </div>
  );
}
