import { describe, expect, it } from 'vitest';

import { hold, leaving } from './leaving';

describe('what is not kept when the window goes', () => {
  it('is kept once for each wish to leave, and named while it is not', async () => {
    let kept = 0;
    let open = ['Tell the team'];
    let end = () => undefined as unknown;
    const release = [
      hold({
        names: () => open,
        keep: async () => {
          kept += 1;
          await new Promise<void>((resolve) => {
            end = () => resolve();
          });
          open = [];
        },
      }),
      hold({ names: () => [], keep: async () => expect.unreachable('there is nothing to keep') }),
    ];
    expect(leaving(1)).toEqual({ busy: true, left: ['Tell the team'] });
    expect(leaving(1)).toEqual({ busy: true, left: ['Tell the team'] });
    end();
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    expect(leaving(1)).toEqual({ busy: false, left: [] });
    expect(kept).toBe(1);
    release.forEach((one) => one());
  });

  it('stays named where it cannot be kept, and is tried again at the next wish', async () => {
    let tries = 0;
    const release = hold({
      names: () => ['Weekly sheet'],
      keep: async () => {
        tries += 1;
        throw new Error('the disk is full');
      },
    });
    leaving(2);
    await new Promise((resolve) => setTimeout(resolve));
    expect(leaving(2)).toEqual({ busy: false, left: ['Weekly sheet'] });
    leaving(3);
    expect(tries).toBe(2);
    release();
    expect(leaving(4).left).toEqual([]);
  });
});
