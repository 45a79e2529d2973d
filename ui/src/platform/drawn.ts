/** Goes on once the page is visible. */
const visible = () =>
  new Promise<void>((done) => {
    const look = () => {
      if (document.visibilityState !== 'visible') return;
      document.removeEventListener('visibilitychange', look);
      done();
    };
    document.addEventListener('visibilitychange', look);
    look();
  });

const frame = () => new Promise<void>((done) => requestAnimationFrame(() => done()));

/**
 * Goes on once the page has drawn itself where it can be seen: the second frame is asked for when the first one
 * is done. A page whose frames nobody takes works all the same, and stops here.
 */
export async function drawn(): Promise<void> {
  do {
    await visible();
    await frame();
    await frame();
  } while (document.visibilityState !== 'visible');
}
