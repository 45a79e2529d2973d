import { useEffect, useState } from 'react';

/** The width of the page in pixels, whatever stands on it: a panel that opens changes nothing. 0 until it is known. */
export function useRoom(): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const main = document.querySelector('main');
    if (!main) return;
    const observer = new ResizeObserver(() => setWidth(main.clientWidth));
    observer.observe(main);
    return () => observer.disconnect();
  }, []);
  return width;
}
