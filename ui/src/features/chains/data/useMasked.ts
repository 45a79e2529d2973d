import { useMemo, useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { masked, type Masks, type PrivateField } from './private';

const NOWHERE: Masks = new Map();

/** A value without what is private in it, until somebody asks to see one of them. */
export function useMasked(given: JsonValue | undefined, path: string, privates: readonly PrivateField[]) {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const { value, masks } = useMemo(() => (given === undefined ? { value: given, masks: NOWHERE } : masked(given, path, privates, seen)), [given, path, privates, seen]);
  return { value, masks, show: (at: string) => setSeen((now) => new Set(now).add(at)) };
}
