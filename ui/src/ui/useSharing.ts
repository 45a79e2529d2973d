import { replaceEqualDeep } from '@tanstack/react-query';
import { useState } from 'react';

/**
 * Gives of each value what it has in common with the one before as the very same objects: what is drawn from
 * a part that did not change is not drawn again.
 */
export function useSharing<T>(): (value: T) => T {
  const [share] = useState(() => {
    let last: T | undefined;
    return (value: T): T => (last = replaceEqualDeep(last, value) as T);
  });
  return share;
}
