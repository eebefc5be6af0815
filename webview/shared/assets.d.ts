declare module '*.css';

/** The bundle of a file as text (`scripts/textbundle.ts`). */
declare module '*?bundle' {
  const source: string;
  export default source;
}
