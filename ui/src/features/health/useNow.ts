import { useEffect, useState } from 'react';

/** Now, read again after so many milliseconds: "12 s ago" goes on. */
export function useNow(every: number): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
