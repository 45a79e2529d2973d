declare module 'virtual:brand-marks' {
  const marks: Record<string, string>;
  export default marks;
}
