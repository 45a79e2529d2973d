// Every message from the page to the engine passes here, in a frame that the page cannot reach.
// Only our own two commands pass, in their own shape; Tauri fetches long channel messages itself.
// A message that is refused is never answered: no honest page sends one.

const fits = (payload, shape) =>
  Object.keys(payload).length === Object.keys(shape).length &&
  Object.entries(shape).every(([name, type]) => name in payload && (type === 'any' || typeof payload[name] === type));

const shapes = {
  rpc: { workspace: 'string', name: 'string', request: 'any' },
  subscribe: { channel: 'string' },
};

window.__TAURI_ISOLATION_HOOK__ = (message) => {
  if (message.cmd === 'plugin:__TAURI_CHANNEL__|fetch') return message;
  const shape = Object.hasOwn(shapes, message.cmd) ? shapes[message.cmd] : undefined;
  if (!shape || typeof message.payload !== 'object' || !message.payload || !fits(message.payload, shape)) {
    throw new Error('This message is not passed on');
  }
  return message;
};
