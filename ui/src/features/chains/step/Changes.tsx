import { Select, TextInput } from '@mantine/core';

import type { Conversion, FieldMap, JsonValue, TargetField } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { asText } from './fromText';
import { ToldForm } from './ToldForm';
import { toldAtFirst, transformOf, TRANSFORMS, type Transform } from './transform';

const CONVERSIONS: Conversion[] = ['text', 'number', 'integer', 'boolean', 'first', 'list', 'date_time', 'date', 'line', 'names'];
const TEXT = 'text:';

/** What becomes of a value on its way: another type or another text, and what stands in for nothing. */
export interface Changes {
  convert: Conversion | null;
  transform: Transform | undefined;
  /** What the transform is told. */
  told: JsonValue[];
  /** What stands there where the source has nothing; nothing where empty. */
  standIn: string;
}

/** The changes that a mapping makes now. */
export function changesOf(map: FieldMap | null): Changes {
  const found = transformOf(map?.source);
  const standIn = map?.default ?? null;
  return { convert: map?.convert ?? null, transform: found?.transform, told: found?.told ?? [], standIn: standIn === null ? '' : asText(standIn) };
}

interface Props {
  changes: Changes;
  field: TargetField;
  /** Whether the value can be changed as a text. */
  canChangeText: boolean;
  onChange: (changes: Changes) => void;
}

/** Chooses what becomes of a value on its way to a field. */
export function ChangesForm({ changes, field, canChangeText, onChange }: Props) {
  const { convert, transform, told, standIn } = changes;
  const known = convert === 'choice' ? [...CONVERSIONS, convert] : CONVERSIONS;
  const choose = (value: string | null) => {
    const text = TRANSFORMS.find((own) => value === `${TEXT}${own}`);
    onChange({ ...changes, transform: text, told: text ? toldAtFirst(text) : [], convert: text || value === 'as_is' ? null : (value as Conversion) });
  };
  return (
    <div className="two">
      <Select
        label={t('chains.map.convert')}
        value={transform ? `${TEXT}${transform}` : (convert ?? 'as_is')}
        onChange={choose}
        data={[
          { value: 'as_is', label: t('chains.map.asIs') },
          ...(canChangeText ? [{ group: t('chains.map.asText'), items: TRANSFORMS.map((own) => ({ value: `${TEXT}${own}`, label: t(`chains.transform.${own}`) })) }] : []),
          { group: t('chains.map.asType'), items: known.map((value) => ({ value, label: t(`chains.convert.${value}`) })) },
        ]}
        allowDeselect={false}
      />
      {transform && <ToldForm key={transform} transform={transform} told={told} field={field} onChange={(next) => onChange({ ...changes, told: next })} />}
      <TextInput label={t('chains.map.standIn')} placeholder={t('chains.map.standInHelp')} value={standIn} onChange={(event) => onChange({ ...changes, standIn: event.currentTarget.value })} />
    </div>
  );
}
