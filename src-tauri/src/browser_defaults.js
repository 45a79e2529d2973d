// An application is no browser: what a page view does by itself is swallowed, after the interface
// had its chance at the key.
(() => {
  const editable = (target) =>
    target instanceof Element && target.closest('input, textarea, [contenteditable=""], [contenteditable="true"]') !== null;

  const browserKey = (event) => {
    if (['F3', 'F5', 'F7', 'BrowserRefresh', 'BrowserBack', 'BrowserForward', 'Print'].includes(event.key)) return true;
    const command = event.ctrlKey || event.metaKey;
    if (!command || event.altKey) return false;
    return ['f', 'g', 'j', 'n', 'o', 'p', 'r', 's', 't', 'u', 'w', '+', '-', '=', '0'].includes(event.key.toLowerCase());
  };

  addEventListener('keydown', (event) => { if (browserKey(event)) event.preventDefault(); });
  addEventListener('wheel', (event) => { if (event.ctrlKey) event.preventDefault(); }, { passive: false });
  addEventListener('contextmenu', (event) => { if (!editable(event.target)) event.preventDefault(); });
  for (const name of ['dragover', 'drop']) {
    addEventListener(name, (event) => { if (!editable(event.target)) event.preventDefault(); });
  }
  window.print = () => {};
})();
