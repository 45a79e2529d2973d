import { Autocomplete, TextInput } from '@mantine/core';

import type { JsonValue, TargetField } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { Lookup } from './Lookup';
import { DATE_FORMS, isTable, type Transform } from './transform';

interface Props {
  transform: Transform;
  told: JsonValue[];
  /** The field that the value goes to. */
  field: TargetField;
  onChange: (told: JsonValue[]) => void;
}

/** What a transform has to be told: what stands between elements, the form of a date, a table. Nothing for the others. */
export function ToldForm({ transform, told, field, onChange }: Props) {
  const [first, second] = told;
  const text = typeof first === 'string' ? first : '';
  const zone = typeof second === 'string' ? second : '';
  // UTC where no zone is named.
  const date = (form: string, name: string) => onChange(name.trim() ? [form, name.trim()] : [form]);
  switch (transform) {
    case 'join':
      return <TextInput label={t('chains.map.separator')} value={text} onChange={(event) => onChange([event.currentTarget.value])} />;
    case 'date_format':
      return (
        <>
          <Autocomplete
            label={t('chains.map.dateForm')}
            description={t('chains.map.dateFormHelp')}
            value={text}
            data={Object.keys(DATE_FORMS)}
            // All of them: they are there to be chosen from, not to be searched.
            filter={({ options }) => options}
            renderOption={({ option }) => (
              <span className="spread told-form">
                <span className="mono">{option.value}</span>
                <span className="meta">{DATE_FORMS[option.value]}</span>
              </span>
            )}
            onChange={(form) => date(form, zone)}
          />
          <TextInput label={t('chains.start.zone')} description={t('chains.map.zoneHelp')} value={zone} onChange={(event) => date(text, event.currentTarget.value)} />
        </>
      );
    case 'lookup':
      return <Lookup table={isTable(first) ? first : {}} otherwise={second} field={field} onChange={onChange} />;
    default:
      return null;
  }
}
