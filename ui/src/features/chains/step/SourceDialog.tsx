import { Button, Modal, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core';
import { Search, SearchX, UserSearch } from 'lucide-react';
import { useMemo, useState } from 'react';

import type { FieldMap, Finder, JsonValue, SourceGroup, SourceValue, TargetField } from '../../../bindings/wire';
import { formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Empty } from '../../../ui/Empty';
import { ChangesForm, changesOf, type Changes } from './Changes';
import { asText, fromText } from './fromText';
import { canTransform, transformed, transformOf } from './transform';
import { Tried, type Where } from './Tried';

/** What else is done with a value stays as long as it comes from the same place. */
const rest = (map: FieldMap | null) => (map ? { text: map.text ?? null, among: map.among ?? [], longest: map.longest ?? null, default: map.default ?? null } : {});
/** The path to the value that a source gives, changed or not. */
const pathOf = (source: FieldMap['source'] | undefined) => (source?.type === 'path' ? source.path : transformOf(source)?.path);

type Kind = 'value' | 'template' | 'fixed';
type Chosen = Omit<FieldMap, 'target' | 'by'>;

interface Props {
  field: TargetField;
  sources: SourceGroup[];
  /** The step and the sample that sources are tried on. */
  where: Where;
  /** What stands for a source's sample. */
  sampleOf: (value: SourceValue) => JsonValue | null;
  /** Without a map the choice is the matcher's again. */
  onChoose: (map: Chosen | undefined) => void;
  /** Finds it by an e-mail address, in a step before. */
  onFind: (finder: Finder) => void;
  onClose: () => void;
}

/** Chooses where a field comes from: a value of an earlier step, a template, a fixed value, or nothing. */
export function SourceDialog({ field, sources, where, sampleOf, onChoose, onFind, onClose }: Props) {
  const before = field.map?.source;
  const path = pathOf(before);
  const [kind, setKind] = useState<Kind>(path !== undefined || !before ? 'value' : before.type === 'template' ? 'template' : 'fixed');
  const [search, setSearch] = useState('');
  const [template, setTemplate] = useState(before?.type === 'template' ? before.template : '');
  const [fixed, setFixed] = useState(before?.type === 'fixed' && before.value !== null ? asText(before.value) : '');
  const [changes, setChanges] = useState<Changes>(() => changesOf(field.map));
  const { standIn } = changesOf(field.map);
  const groups = useMemo(() => filter(sources, search, sampleOf), [sources, search, sampleOf]);
  const from = (chosen: string): Chosen => {
    const source = changes.transform ? transformed({ path: chosen, transform: changes.transform, told: changes.told }) : undefined;
    return {
      ...(chosen === path ? rest(field.map) : {}),
      source: source ?? { type: 'path', path: chosen },
      // As it is where nobody touched it: not every text says which value it was.
      default: changes.standIn === standIn ? (field.map?.default ?? null) : changes.standIn === '' ? null : fromText(changes.standIn, field.kind),
      ...(changes.convert && !source ? { convert: changes.convert } : {}),
    };
  };
  const written: Chosen | undefined = template.trim() ? { source: { type: 'template', template } } : undefined;
  const always: Chosen | undefined = fixed !== '' ? { source: { type: 'fixed', value: fromText(fixed, field.kind) } } : undefined;
  // What the button takes, and what is tried meanwhile.
  const ready = { value: path === undefined ? undefined : from(path), template: written, fixed: always }[kind];
  return (
    <Modal opened onClose={onClose} size={560} title={t('chains.map.title', { field: field.label })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        {field.about && <p className="meta">{visible(field.about)}</p>}
        <SegmentedControl
          value={kind}
          onChange={(value) => setKind(value as Kind)}
          aria-label={t('chains.map.from')}
          data={[
            { value: 'value', label: t('chains.map.value') },
            { value: 'fixed', label: t('chains.map.fixed') },
            { value: 'template', label: t('chains.map.template') },
          ]}
        />
        {kind === 'value' && (
          <>
            {field.finder && <FindFirst finder={field.finder} onFind={onFind} />}
            <TextInput
              data-autofocus
              leftSection={<Search size={16} aria-hidden />}
              placeholder={t('chains.map.search')}
              aria-label={t('chains.map.search')}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
            />
            <div className="sources">
              {groups.map((group) => (
                <div key={group.label} role="group" aria-label={group.label}>
                  <div className="palette-group">
                    {t('chains.map.group', { name: visible(group.label) })}
                    {group.example && <span className="meta warn"> · {t('chains.map.example')}</span>}
                  </div>
                  {group.fields.map((value) => (
                    <button
                      key={value.path}
                      type="button"
                      className="source-choice"
                      aria-pressed={path === value.path}
                      onClick={() => onChoose(from(value.path))}
                    >
                      <span className="mono cut">{visible(value.name)}</span>
                      <span className="meta cut">{value.sample === null ? value.kind : formatValue(sampleOf(value), 70)}</span>
                    </button>
                  ))}
                </div>
              ))}
              {sources.length === 0 && <p className="meta">{t('chains.map.noSources')}</p>}
              {sources.length > 0 && groups.length === 0 && (
                <Empty icon={SearchX} text={t('common.nothingMatches', { text: search })}>
                  <Button size="xs" onClick={() => setSearch('')}>
                    {t('common.clearFilters')}
                  </Button>
                </Empty>
              )}
            </div>
            <ChangesForm changes={changes} field={field} canChangeText={path === undefined || canTransform(path)} onChange={setChanges} />
          </>
        )}
        {kind === 'template' && (
          <Textarea
            data-autofocus
            autosize
            minRows={2}
            maxRows={8}
            label={t('chains.map.template')}
            description={t('chains.map.templateHelp', { example: '{{item.title}} by {{item.author.login}}' })}
            value={template}
            onChange={(event) => setTemplate(event.currentTarget.value)}
            classNames={{ input: 'mono' }}
          />
        )}
        {kind === 'fixed' &&
          (field.choices.length > 0 ? (
            <Select
              data-autofocus
              label={t('chains.map.fixed')}
              value={fixed || null}
              onChange={(value) => setFixed(value ?? '')}
              data={field.choices.map((choice) => asText(choice))}
            />
          ) : (
            <TextInput
              data-autofocus
              label={t('chains.map.fixed')}
              description={`${t('chains.map.fixedHelp')} (${field.kind})`}
              value={fixed}
              onChange={(event) => setFixed(event.currentTarget.value)}
            />
          ))}
        {ready && <Tried where={where} map={{ ...ready, target: field.target, by: 'hand' }} name={field.label} required={field.required} />}
        <div className="spread">
          <span className="row">
            <Button variant="subtle" onClick={() => onChoose(undefined)}>
              {t('chains.map.auto')}
            </Button>
            {!field.required && (
              <Button variant="subtle" onClick={() => onChoose({ source: { type: 'fixed', value: null } })}>
                {t('chains.map.empty')}
              </Button>
            )}
          </span>
          {(kind !== 'value' || path !== undefined) && (
            <Button variant="filled" disabled={!ready} onClick={() => ready && onChoose(ready)}>
              {t('chains.map.use')}
            </Button>
          )}
        </div>
      </div>
    </Modal>
  );
}

/** Offers a step that finds what is known elsewhere by an e-mail address only. */
function FindFirst({ finder, onFind }: { finder: Finder; onFind: (finder: Finder) => void }) {
  return (
    <button type="button" className="source-choice" onClick={() => onFind(finder)}>
      <span className="row nowrap">
        <UserSearch size={16} aria-hidden />
        {t('chains.map.find')}
      </span>
      <span className="meta cut">{t('chains.map.findAbout', { name: visible(finder.title) })}</span>
    </button>
  );
}

/** Nothing private is found by what it is: looking for it would say it. */
function filter(groups: SourceGroup[], search: string, sampleOf: Props['sampleOf']): SourceGroup[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .map((group) => ({ ...group, fields: group.fields.filter((f) => words.every((w) => `${f.name} ${formatValue(sampleOf(f))}`.toLowerCase().includes(w))) }))
    .filter((group) => group.fields.length > 0);
}
