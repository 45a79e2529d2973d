import { useEffect, useState } from 'react';

/** Now, read again after so many milliseconds, so that "12 s ago" goes on; it stands still where nothing is given. */
export function useNow(every: number | undefined): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    if (every === undefined) return;
    const tick = () => setNow(new Date());
    tick();
    const timer = setInterval(tick, every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
