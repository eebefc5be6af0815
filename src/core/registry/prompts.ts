/** MLflow keeps prompts among its registered models, and lists neither among the others. */
export function isPrompt(tags: Readonly<Record<string, string>>): boolean {
  return Object.hasOwn(tags, 'mlflow.prompt.is_prompt') && tags['mlflow.prompt.is_prompt']?.toLowerCase() === 'true';
}
