// Styles are bundled beside the page's script; the element holds them as text.
declare module '*.css' {
  const text: string;
  export default text;
}
