import type { JsonValue } from '../../../bindings/wire';
import { Json } from '../../chains/data/Json';
import type { PrivateField } from '../../chains/data/private';
import { useMasked } from '../../chains/data/useMasked';
import { usePrivateFields } from './privates';

/** A value that a run sent or received, as JSON: what is private in it is masked, as in the editor. */
export function RunJson(props: { value: JsonValue; label: string }) {
  const privates = usePrivateFields();
  // Nothing is shown before it is known what must not be.
  return privates && <Masked {...props} privates={privates} />;
}

function Masked({ value: given, label, privates }: { value: JsonValue; label: string; privates: readonly PrivateField[] }) {
  const { value, masks, show } = useMasked(given, '$', privates);
  return <Json value={value ?? null} label={label} masks={masks} onShow={show} />;
}
