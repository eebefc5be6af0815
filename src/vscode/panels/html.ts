/** What a page needs to be shown. Everything in it may hold any text: it is escaped. */
export interface PageParts {
  /** Language of the texts, as `vscode.env.language` says. */
  readonly language: string;
  readonly title: string;
  /** `webview.cspSource`: where the page's own files come from. */
  readonly cspSource: string;
  readonly nonce: string;
  readonly script: string;
  readonly style: string;
  /** Handed to the page as JSON in attributes of its body, so that they are there before any message. */
  readonly texts: Readonly<Record<string, string>>;
  readonly context: unknown;
}

/**
 * The policy of every page: nothing but its own script, style sheet and fonts. Pictures only from blobs that the page made
 * from bytes it was sent; workers only from blobs that it made of its own text, since VS Code serves a page's files from another origin. No `unsafe-*`: styles are set through the object model, which needs none. The toolkit tries out one
 * empty style element and finds the nonce for it where it looks for it, in a meta element.
 */
export function pagePolicy({ cspSource, nonce }: Pick<PageParts, 'cspSource' | 'nonce'>): string {
  return [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `img-src blob:`,
    `worker-src blob:`,
    `font-src ${cspSource}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}

export function pageHtml(parts: PageParts): string {
  const { language, title, nonce, script, style, texts, context } = parts;
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(pagePolicy(parts))}">
<meta property="csp-nonce" content="${escapeHtml(nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${escapeHtml(style)}">
</head>
<body data-texts="${escapeHtml(JSON.stringify(texts))}" data-context="${escapeHtml(JSON.stringify(context))}">
<script type="module" nonce="${escapeHtml(nonce)}" src="${escapeHtml(script)}"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
