import { Button, Modal, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core';
import { Search, SearchX, UserSearch } from 'lucide-react';
import { useMemo, useState } from 'react';

import type { Conversion, FieldMap, Finder, JsonValue, SourceGroup, TargetField } from '../../../bindings/wire';
import { formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Empty } from '../../../ui/Empty';

const CONVERSIONS: Conversion[] = ['text', 'number', 'integer', 'boolean', 'first', 'list', 'date_time', 'date', 'line', 'names'];

/** What else is done with a value stays as long as it comes from the same place. */
const rest = (map: FieldMap | null) => (map ? { text: map.text ?? null, among: map.among ?? [], longest: map.longest ?? null, default: map.default ?? null } : {});
const sameSource = (one: FieldMap['source'], other: FieldMap['source'] | undefined) => one.type === 'path' && other?.type === 'path' && one.path === other.path;

type Kind = 'value' | 'template' | 'fixed';

interface Props {
  field: TargetField;
  sources: SourceGroup[];
  /** Without a map the choice is the matcher's again. */
  onChoose: (map: Omit<FieldMap, 'target' | 'by'> | undefined) => void;
  /** Finds it by an e-mail address, in a step before. */
  onFind: (finder: Finder) => void;
  onClose: () => void;
}

/** Chooses where a field comes from: a value of an earlier step, a template, a fixed value, or nothing. */
export function SourceDialog({ field, sources, onChoose, onFind, onClose }: Props) {
  const before = field.map?.source;
  const [kind, setKind] = useState<Kind>(before?.type === 'template' ? 'template' : before?.type === 'fixed' ? 'fixed' : 'value');
  const [search, setSearch] = useState('');
  const [template, setTemplate] = useState(before?.type === 'template' ? before.template : '');
  const [fixed, setFixed] = useState(before?.type === 'fixed' && before.value !== null ? asText(before.value) : '');
  const [convert, setConvert] = useState<Conversion | null>(field.map?.convert ?? null);
  const groups = useMemo(() => filter(sources, search), [sources, search]);
  const choose = (source: FieldMap['source']) => onChoose({ ...(sameSource(source, field.map?.source) ? rest(field.map) : {}), source, ...(convert ? { convert } : {}) });
  const parsed = fromText(fixed, field.kind);
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
                  <div className="palette-group">{t('chains.map.group', { name: visible(group.label) })}</div>
                  {group.fields.map((value) => (
                    <button
                      key={value.path}
                      type="button"
                      className="source-choice"
                      aria-pressed={before?.type === 'path' && before.path === value.path}
                      onClick={() => choose({ type: 'path', path: value.path })}
                    >
                      <span className="mono cut">{visible(value.name)}</span>
                      <span className="meta cut">{value.sample === null ? value.kind : formatValue(value.sample, 70)}</span>
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
            <Select
              label={t('chains.map.convert')}
              value={convert ?? 'as_is'}
              onChange={(value) => setConvert(value === 'as_is' ? null : (value as Conversion))}
              data={[{ value: 'as_is', label: t('chains.map.asIs') }, ...(convert === 'choice' ? [...CONVERSIONS, convert] : CONVERSIONS).map((value) => ({ value, label: t(`chains.convert.${value}`) }))]}
              allowDeselect={false}
            />
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
          {kind === 'value' && before?.type === 'path' && (
            <Button variant="filled" onClick={() => choose(before)}>
              {t('chains.map.use')}
            </Button>
          )}
          {kind === 'template' && (
            <Button variant="filled" disabled={!template.trim()} onClick={() => onChoose({ source: { type: 'template', template } })}>
              {t('chains.map.use')}
            </Button>
          )}
          {kind === 'fixed' && (
            <Button variant="filled" disabled={fixed === ''} onClick={() => onChoose({ source: { type: 'fixed', value: parsed } })}>
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

const asText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Text as the field's type where it can be read as such; else as it is, and the check says so. */
function fromText(text: string, kind: string): JsonValue {
  if (kind === 'number' || kind === 'whole number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  if (kind === 'yes or no') return text === 'true' || text === 'yes' ? true : text === 'false' || text === 'no' ? false : text;
  if (kind === 'list' || kind === 'group' || kind === 'any') {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      return kind === 'list' ? text.split(',').map((part) => part.trim()) : text;
    }
  }
  return text;
}

function filter(groups: SourceGroup[], search: string): SourceGroup[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .map((group) => ({ ...group, fields: group.fields.filter((f) => words.every((w) => `${f.name} ${formatValue(f.sample)}`.toLowerCase().includes(w))) }))
    .filter((group) => group.fields.length > 0);
}
