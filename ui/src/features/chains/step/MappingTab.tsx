import { Button, Tooltip } from '@mantine/core';
import { ArrowRight, Eye, RefreshCw, WandSparkles } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import type { JsonValue, TargetField } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Read } from '../../../ui/Read';
import { MASK } from '../data/private';
import { band, findFirst, forgetMatches, setMapping } from '../document';
import { sampleOf, useSample } from '../sample';
import { AllSamples } from './AllSamples';
import { Folded } from './Folded';
import { Origin } from './Origin';
import { SourceDialog } from './SourceDialog';
import type { StepProps } from './StepPanel';
import { transformOf } from './transform';

const BANDS = { sure: 'ok', likely: 'ok', look: 'warn', yours: 'run' } as const;

/** Where each field comes from, beside the value that would be sent. */
export function MappingTab({ chainId, version, step, tools, sampleRun, opening: { fixing, target }, change }: StepProps) {
  const [sample, setSample] = useState(0);
  const [editing, setEditing] = useState<TargetField>();
  const [revealed, setRevealed] = useState(false);
  const { connection } = tools.of(step);
  const chosen = sampleOf(useSample((state) => state.sample), chainId);
  const where = { chain: chainId ?? '', step: step.id, sample, signal: chosen?.signal ?? null, run: sampleRun ?? null };
  const fields = useRead('chain_fields', where, { enabled: chainId !== undefined && version > 0 && connection !== undefined, keep: true });
  // Opened to mend it: what has no source is asked for at once.
  const mended = useRef(false);
  useEffect(() => {
    const targets = fields.data?.fields.targets;
    const first = targets?.find((field) => field.target === target) ?? targets?.find((field) => isOpen(field));
    if (!fixing || mended.current || !fields.data) return;
    mended.current = true;
    if (first) setEditing(first);
    else document.querySelector<HTMLElement>('[data-testid=field] button')?.focus();
  }, [fixing, target, fields.data]);
  if (!connection || !chainId) return null;
  return (
    <Read read={fields} rows={3} shape="form">
      {({ fields: { targets, sources }, origin, samples, privateSources, privateTargets }) => {
        const hidden = { sources: new Set(revealed ? [] : privateSources), targets: new Set(revealed ? [] : privateTargets) };
        const mapped = targets.filter((field) => field.map);
        const open = targets.filter(isOpen);
        const sure = mapped.filter((field) => field.map && band(field.map) === 'sure');
        const others = mapped.filter((field) => !sure.includes(field)).sort((a, b) => rank(a) - rank(b));
        const rest = targets.filter((field) => !field.map && !open.includes(field));
        const row = (field: TargetField) => <FieldRow key={field.target} field={field} hidden={hidden.targets.has(field.target)} onEdit={() => setEditing(field)} />;
        if (targets.length === 0) return <p className="meta tab-note">{t('chains.map.noFields')}</p>;
        return (
          <div className="mapping">
            <div className="spread wraps tab-note">
              <span className="meta">
                {t('chains.map.matched', { done: mapped.length, of: targets.length })}
                {' · '}
                <Origin origin={origin} sources={sources} />
              </span>
              <span className="row nowrap">
                {privateSources.length + privateTargets.length > 0 && (
                  <Button size="xs" variant="subtle" aria-pressed={revealed} leftSection={<Eye size={14} aria-hidden />} onClick={() => setRevealed(!revealed)}>
                    {t(revealed ? 'chains.map.hidePrivate' : 'chains.map.showPrivate')}
                  </Button>
                )}
                <Button size="xs" variant="light" leftSection={<WandSparkles size={14} />} onClick={() => change((c) => forgetMatches(c, step.id))}>
                  {t('chains.map.again')}
                </Button>
              </span>
            </div>
            {samples > 1 && (
              <AllSamples key={version} chain={chainId} step={step.id} run={sampleRun} samples={samples}>
                <Tooltip label={t('chains.map.sample', { at: (sample % samples) + 1, of: samples })}>
                  <Button size="xs" variant="subtle" leftSection={<RefreshCw size={14} aria-hidden />} onClick={() => setSample((sample + 1) % samples)}>
                    {t('chains.map.next')}
                  </Button>
                </Tooltip>
              </AllSamples>
            )}
            {open.map(row)}
            {others.map(row)}
            {sure.length > 0 && (sure.length > 3 ? <Folded title={t('chains.map.sureMatches', { count: sure.length })}>{sure.map(row)}</Folded> : sure.map(row))}
            {rest.length > 0 && <Folded title={t('chains.map.optionalFields', { count: rest.length })}>{rest.map(row)}</Folded>}
            {editing && (
              <SourceDialog
                field={editing}
                sources={sources}
                where={where}
                sampleOf={(value) => maskIf(hidden.sources.has(value.path), value.sample)}
                onClose={() => setEditing(undefined)}
                onFind={(finder) => {
                  setEditing(undefined);
                  change((c) => findFirst(c, step.id, editing, finder));
                }}
                onChoose={(map) => {
                  setEditing(undefined);
                  change((c) => setMapping(c, step.id, editing.target, map));
                }}
              />
            )}
            <span className="out-of-sight" role="status">
              {t('chains.map.matched', { done: mapped.length, of: targets.length })}
            </span>
          </div>
        );
      }}
    </Read>
  );
}

/** It has to have a source and has none. */
const isOpen = (field: TargetField): boolean => field.required && !field.map && field.default === null;

const rank = (field: TargetField): number => (field.trouble ? 0 : field.map ? { look: 1, likely: 2, yours: 3, sure: 4 }[band(field.map)] : 5);

/** A mask in the place of something private; where nothing is, nothing is masked. */
const maskIf = (hidden: boolean, value: JsonValue | null): JsonValue | null => (hidden && value !== null && value !== '' ? MASK : value);

function FieldRow({ field, hidden, onEdit }: { field: TargetField; hidden: boolean; onEdit: () => void }) {
  const { map } = field;
  const said = (value: JsonValue | null) => (hidden && value !== null && value !== '' ? MASK : shown(value));
  const found = map ? band(map) : undefined;
  const word = found ? t(`chains.map.${found}`) : field.default !== null ? t('chains.map.default') : field.required ? t('chains.map.required') : t('chains.map.optional');
  const percent = found && found !== 'yours' ? ` ${map?.confidence ?? 0}%` : '';
  const missing = !map && field.required && field.default === null;
  return (
    <div className="field" data-testid="field" data-target={field.target}>
      <button type="button" className={missing ? 'field-cell from missing' : 'field-cell from'} onClick={onEdit}>
        <span className="out-of-sight">{t('chains.map.title', { field: visible(field.label) })}: </span>
        {map ? (
          <>
            <span className="mono cut">{sourceText(map.source)}</span>
            <span className="field-value cut">{said(field.from_sample ?? (map.source.type === 'fixed' ? map.source.value : null))}</span>
          </>
        ) : (
          <span className="field-value">{t('chains.map.choose')}</span>
        )}
      </button>
      <Tooltip label={map?.reason ? t('chains.map.because', { percent: map.confidence ?? 0, reason: map.reason }) : field.kind}>
        <span className={`field-match ${found ? BANDS[found] : missing ? 'bad' : 'idle'}`} tabIndex={map?.reason ? 0 : undefined}>
          <ArrowRight size={14} aria-hidden />
          {word}
          {percent}
        </span>
      </Tooltip>
      <div className="field-cell to">
        <span className="mono cut" title={field.about ?? field.label}>
          {visible(field.label)}
          {field.required && <span aria-label={t('chains.map.required')}> *</span>}
        </span>
        <span className="field-value cut">
          {map ? said(field.result) || t('chains.map.nothing') : field.default !== null ? shown(field.default) : t('chains.map.nothing')}
        </span>
      </div>
      {field.trouble && (
        <p className="field-trouble" role="alert">
          {visible(field.trouble)}
        </p>
      )}
    </div>
  );
}

const ROOT = /^\$\.?(item\.)?/;

/** A source as a person reads it: `item.title`, a template, a value. */
export function sourceText(source: NonNullable<TargetField['map']>['source']): string {
  if (source.type === 'path') return visible(source.path.replace(ROOT, ''));
  const changed = transformOf(source);
  if (changed) return `${visible(changed.path.replace(ROOT, ''))} · ${t(`chains.transform.${changed.transform}`)}`;
  if (source.type === 'template') return visible(source.template);
  return source.value === null ? t('chains.map.left') : formatValue(source.value, 60);
}

const shown = (value: unknown): string => (typeof value === 'string' ? `“${formatValue(value, 60)}”` : formatValue(value, 60));
