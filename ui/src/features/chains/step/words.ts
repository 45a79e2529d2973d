// Conditions in words.
import type { Predicate } from '../../../bindings/wire';
import { formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';

/** "labels contains bug". */
export function conditionWords(condition: Predicate): string {
  const path = condition.path.replace(/^\$\.?(item\.)?/, '').replace(/\[\*\]/g, '');
  const operator = condition.operator ?? 'exists';
  const value = operator === 'exists' || operator === 'absent' ? '' : ` ${formatValue(condition.value ?? null, 40)}`;
  return `${visible(path)} ${t(`chains.when.${operator}`)}${visible(value)}`;
}
