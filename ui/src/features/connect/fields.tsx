import { Checkbox, PasswordInput, Select, Textarea, TextInput } from '@mantine/core';
import { AlertTriangle } from 'lucide-react';
import { useState, type ClipboardEvent, type ReactNode } from 'react';

import type { ChoicesRequest, ConfigField, CredentialField } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { LinkButton } from '../../ui/LinkButton';
import { ChoiceInput } from './choices/ChoiceInput';
import { FolderLines } from './FolderLines';
import { asText, bare, credentialDoubt, type Settings } from './settings';

interface SettingProps {
  field: ConfigField;
  id: string;
  value: string;
  error?: string | undefined;
  /** Another value, and those of other settings that were chosen with it. */
  onChange: (value: string, others?: Settings) => void;
  onBlur?: () => void;
  /** How the tool is asked for what it lists; absent where nobody has signed in yet. */
  lists?: Lists | undefined;
}

/** How a tool is asked for what it lists. */
export interface Lists {
  /** What the settings are now. */
  settings: Settings;
  /** With what it is asked. */
  ask: (setting: string) => ChoicesRequest;
}

/** One setting, by what may be entered in it, and where the vendor tells of it. */
export function SettingInput(props: SettingProps) {
  const { lists, ...rest } = props;
  const { field, id, value, error, onChange } = rest;
  const url = field.helpUrl;
  const entry =
    lists && field.choices ? (
      <ChoiceInput {...{ field, id, value, error, onChange }} about={describe(field) || undefined} request={lists.ask(field.key)} settings={lists.settings}>
        <Entry {...rest} />
      </ChoiceInput>
    ) : (
      <Entry {...rest} />
    );
  if (!url) return entry;
  return (
    <div>
      {entry}
      <LinkButton url={url}>{t('connect.about', { label: visible(field.label) })}</LinkButton>
    </div>
  );
}

/** The field itself. What stands around a value is drawn around it, and said below. */
function Entry({ field, id, value, error, onChange, onBlur }: Omit<SettingProps, 'lists'>) {
  const label = visible(field.label);
  const about = describe(field);
  const shared = {
    id,
    label,
    description: about || undefined,
    error,
    withAsterisk: field.required,
    'aria-required': field.required,
    onBlur,
    spellCheck: false,
  };
  const typed = { ...shared, value, onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value) };
  const example = field.example ? visible(field.example) : '';
  switch (field.type) {
    case 'bool':
      return (
        <Checkbox
          id={id}
          size="sm"
          label={label}
          description={about || undefined}
          error={error}
          checked={value === 'true'}
          onChange={(event) => onChange(String(event.currentTarget.checked))}
        />
      );
    case 'enum':
      return (
        <Select
          {...shared}
          data={[...new Set(field.options ?? [])].map((option) => ({ value: option, label: visible(option) }))}
          value={value || null}
          placeholder={example || t('connect.choose')}
          searchable={(field.options?.length ?? 0) > 8}
          clearable={!field.required}
          classNames={{ dropdown: 'cw-pop' }}
          onChange={(chosen) => onChange(chosen ?? '')}
        />
      );
    case 'list':
      return <Textarea {...typed} autosize minRows={2} maxRows={6} placeholder={example} />;
    case 'folders':
      return (
        <FolderLines label={label} value={value} onChange={onChange}>
          <Textarea {...typed} autosize minRows={2} maxRows={6} placeholder={example} />
        </FolderLines>
      );
    case 'number':
      return <TextInput {...typed} inputMode="decimal" placeholder={example} />;
    case 'date':
      return <TextInput {...typed} type="date" placeholder={example || '2026-01-31'} />;
    default:
      return (
        <TextInput
          {...typed}
          inputMode={field.type === 'url' ? 'url' : undefined}
          placeholder={example}
          inputContainer={(input) => <Around field={field}>{input}</Around>}
          onBlur={() => {
            if (bare(field, value) !== value.trim()) onChange(bare(field, value));
            onBlur?.();
          }}
        />
      );
  }
}

/** What stands before and after what is entered. */
function Around({ field, children }: { field: ConfigField; children: ReactNode }) {
  if (!field.prefix && !field.suffix) return children;
  return (
    <div className="cw-around">
      {field.prefix && <span aria-hidden>{visible(field.prefix)}</span>}
      {children}
      {field.suffix && <span aria-hidden>{visible(field.suffix)}</span>}
    </div>
  );
}

/** What is said below a setting's label. */
function describe(field: ConfigField): string {
  const fallback = asText(field.default).replaceAll('\n', ', ');
  return [
    field.helpText ? visible(field.helpText) : '',
    field.type === 'list' || field.type === 'folders' ? t('connect.linePerValue') : '',
    field.prefix || field.suffix ? t('connect.becomes', { whole: visible(`${field.prefix ?? ''}…${field.suffix ?? ''}`) }) : '',
    fallback && field.type !== 'bool' ? t('connect.default', { value: visible(fallback) }) : '',
  ]
    .filter(Boolean)
    .join(' ');
}

interface CredentialProps {
  field: CredentialField;
  id: string;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}

/** One value of a credential. Pasting trims; what looks unusual is said, and kept. */
export function CredentialInput({ field, id, value, error, onChange }: CredentialProps) {
  const [doubt, setDoubt] = useState<string>();
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const text = event.clipboardData.getData('text');
    if (text === text.trim()) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    onChange(value.slice(0, selectionStart ?? value.length) + text.trim() + value.slice(selectionEnd ?? value.length));
  };
  const shared = {
    id,
    label: visible(field.label),
    description: field.helpText ? visible(field.helpText) : undefined,
    error,
    withAsterisk: field.required,
    'aria-required': field.required,
    'aria-describedby': doubt ? `${id}-doubt` : undefined,
    placeholder: field.placeholder ? visible(field.placeholder) : undefined,
    value,
    autoComplete: 'off',
    spellCheck: false,
    'data-first': true,
    onPaste: paste,
    onChange: (event: { currentTarget: { value: string } }) => {
      setDoubt(undefined);
      onChange(event.currentTarget.value);
    },
    onBlur: () => {
      const trimmed = value.trim();
      if (trimmed !== value) onChange(trimmed);
      setDoubt(credentialDoubt(field, trimmed));
    },
  };
  return (
    <div>
      {field.type === 'text' ? (
        <TextInput {...shared} />
      ) : (
        <PasswordInput {...shared} visibilityToggleButtonProps={{ 'aria-label': t('connect.reveal'), tabIndex: 0 }} />
      )}
      {doubt && (
        <p className="cw-doubt" id={`${id}-doubt`} role="status">
          <AlertTriangle size={14} aria-hidden />
          {doubt}
        </p>
      )}
    </div>
  );
}

/** The part of a form that is folded away. */
export function Folded({ title, open, onToggle, children }: { title: string; open: boolean; onToggle: (open: boolean) => void; children: ReactNode }) {
  return (
    <details className="cw-fold" open={open} onToggle={(event) => onToggle(event.currentTarget.open)}>
      <summary>{title}</summary>
      <div className="stack">{children}</div>
    </details>
  );
}
