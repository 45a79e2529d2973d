/** The name in the address of a page, such as `#/connections/NAME`. The router decodes it by halves, so it is read where it is whole. */
export function nameInAddress(param: string): string {
  try {
    return decodeURIComponent(window.location.hash.split('/')[2] ?? param);
  } catch {
    return param;
  }
}
