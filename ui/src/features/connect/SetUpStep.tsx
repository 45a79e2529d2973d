import type { ReactNode } from 'react';

import type { ChoicesRequest, ConfigField } from '../../bindings/wire';
import { t } from '../../lib/words';
import { fieldId } from './draft';
import { SettingInput } from './fields';
import type { Mistakes, Settings } from './settings';

interface Props {
  fields: ConfigField[];
  settings: Settings;
  mistakes: Mistakes;
  onChange: (key: string, value: string, others?: Settings) => void;
  onBlur: (field: ConfigField) => void;
  /** With what the tool is asked for a setting's values. */
  ask: (setting: string) => ChoicesRequest;
  /** What is said below the settings. */
  children?: ReactNode;
}

/** Step 2: what the connector is set up with. */
export function SetUpStep({ fields, settings, mistakes, onChange, onBlur, ask, children }: Props) {
  if (fields.length === 0) return <p className="meta">{t('connect.setUpNothing')}</p>;
  return (
    <>
      {fields.map((field) => (
        <SettingInput
          key={field.key}
          id={fieldId(field.key)}
          field={field}
          value={settings[field.key] ?? ''}
          error={mistakes[field.key]}
          onChange={(value, others) => onChange(field.key, value, others)}
          onBlur={() => onBlur(field)}
          lists={{ settings, ask }}
        />
      ))}
      {children}
    </>
  );
}
