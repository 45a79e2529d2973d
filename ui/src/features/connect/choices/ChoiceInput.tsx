import { Select } from '@mantine/core';
import { ListChecks, Pencil, RefreshCw } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';

import type { Choice, ChoicesRequest, ConfigField } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { LinkButton } from '../../../ui/LinkButton';
import type { Settings } from '../settings';
import { useChoices } from './useChoices';

/** How many are drawn at once; typing finds the others. */
const DRAWN = 100;
/** What stands for a value that the tool does not list. */
const TYPED = 'typed';

interface Props {
  field: ConfigField;
  id: string;
  value: string;
  error?: string | undefined;
  /** What stands below the label. */
  about: string | undefined;
  /** With what the tool is asked. */
  request: ChoicesRequest;
  /** What the other settings are now. */
  settings: Settings;
  /** Another value, and those of other settings that come with it. */
  onChange: (value: string, others?: Settings) => void;
  /** The field for typing. */
  children: ReactNode;
}

/** A setting whose values the tool lists. Whoever knows better, or whose tool says nothing, types it. */
export function ChoiceInput({ field, id, value, error, about, request, settings, onChange, children }: Props) {
  const { asking, offered, problem, again } = useChoices(request);
  const [types, setTypes] = useState<boolean>();
  const list = offered?.choices ?? [];
  // The same name may stand for two: a repository of each of two owners.
  const chosen = list.findIndex((one) => one.value === value && Object.entries(one.fills).every(([key, brought]) => settings[key] === brought));
  const answered = offered !== undefined || problem !== undefined;
  const typing = types ?? (answered && list.length === 0);
  // One field takes the other's place, and its focus.
  const held = useRef(false);
  useEffect(() => {
    if (held.current) document.getElementById(id)?.focus();
  }, [id, typing]);
  const place = { className: 'cw-choose', onFocus: () => (held.current = true), onBlur: () => (held.current = false) };
  const toggle = () => setTypes(!typing);
  if (typing)
    return (
      // Who has begun to type goes on with it, whatever the tool says by then.
      <div {...place} onChange={() => setTypes(true)}>
        {children}
        <div className="cw-choose-foot" role="status">
          {list.length > 0 && (
            <LinkButton icon={<ListChecks size={14} aria-hidden />} onClick={toggle}>
              {t('connect.choices.list')}
            </LinkButton>
          )}
          {list.length === 0 && !asking && (
            <>
              <span className="meta">{problem ? t('connect.choices.failed', { why: visible(problem.title) }) : t('connect.choices.none')}</span>
              <LinkButton icon={<RefreshCw size={14} aria-hidden />} onClick={again}>
                {t('connect.choices.again')}
              </LinkButton>
            </>
          )}
          {asking && <span className="meta">{t('connect.choices.asking')}</span>}
        </div>
      </div>
    );
  const name = ({ label, value: entered }: Choice) => (label.includes(entered) ? visible(label) : t('connect.choices.one', { label: visible(label), value: visible(entered) }));
  const data = list.map((one, index) => ({ value: String(index), label: name(one) }));
  const typed = value !== '' && chosen < 0;
  return (
    <div {...place}>
      <Select
        id={id}
        label={visible(field.label)}
        description={about}
        error={error}
        withAsterisk={field.required}
        aria-required={field.required}
        data={typed ? [{ value: TYPED, label: visible(value) }, ...data] : data}
        value={typed ? TYPED : chosen < 0 ? null : String(chosen)}
        placeholder={asking ? t('connect.choices.asking') : t('connect.choose')}
        nothingFoundMessage={asking ? t('connect.choices.asking') : t('connect.choices.noMatch')}
        searchable
        limit={DRAWN}
        // A list that opens by itself would lie over what else can be done.
        openOnFocus={false}
        clearable={!field.required}
        classNames={{ dropdown: 'cw-pop' }}
        onChange={(picked) => {
          const one = picked === null || picked === TYPED ? undefined : list[Number(picked)];
          if (picked === null) onChange('');
          else if (one) onChange(one.value, one.fills);
        }}
      />
      <div className="cw-choose-foot">
        <LinkButton icon={<Pencil size={14} aria-hidden />} onClick={toggle}>
          {t('connect.choices.type')}
        </LinkButton>
        {offered?.more && <span className="meta">{t('connect.choices.more', { count: list.length })}</span>}
      </div>
    </div>
  );
}
