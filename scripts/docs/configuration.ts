import { processorSections } from '../../src/cli/load-config.ts';
import { configJsonSchema, type JsonSchema } from '../../src/config/schema.ts';
import { code, generated, table, typeText } from './markdown.ts';

const schema = configJsonSchema(await processorSections());

export function configurationSchema(): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

export function configurationPage(): string {
  const { process: own, settings } = schema.properties!;
  return `${generated}
# Configuration

One YAML file, given by \`-c\` or \`SEASTATE_CONFIG\`; none is needed. Everything in it is checked
strictly, and every mistake is told at once as \`file:line:column: key: what is wrong\`
(\`seastate check FILE\`). Stronger are, in this order: flags, \`--set key=value\`, the environment
(\`SEASTATE_LISTEN\`, \`SEASTATE_DATA\`, \`SEASTATE_PARTITIONS\`, \`SEASTATE_LOG_LEVEL\`), the file.

* Durations need a unit: \`30s\`, \`5m\`, \`1h30m\`, \`7d\`. So do sizes, in powers of two: \`512MB\`, \`20GB\`.
* \`\${env:NAME}\`, \`\${env:NAME:-default}\` and \`\${file:/path}\` stand for text, within any value; \`$\${\` is a plain \`\${\`.
* Paths are relative to the file. Secrets are read from files and never shown.
* Reload: \`live\` keys are taken by SIGHUP and \`POST /-/reload\`; the others need a restart, and a
  reload that would change one says so. A bad file changes nothing.
* [configuration.schema.json](configuration.schema.json) is for editors:
  \`# yaml-language-server: $schema=...\`.

## process

${own!.description}

${keyTable(own!, 'process')}
## settings

${settings!.description}

${keyTable(settings!, 'settings')}`;
}

function keyTable(top: JsonSchema, name: string): string {
  return table(
    ['key', 'value', 'default', 'reload', 'what it is'],
    keyRows(top, name, top.reload ?? 'restart'),
  );
}

function keyRows(parent: JsonSchema, prefix: string, inherited: string): string[][] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, key]) => {
    const path = `${prefix}.${name}`;
    const reload = key.reload ?? inherited;
    const inside = key.type === 'array' ? key.items : key;
    const row = [code(path), typeText(key), defaultText(key), reload, key.description ?? ''];
    if (!inside?.properties) return [row];
    const below = keyRows(inside, key.type === 'array' ? `${path}[]` : path, reload);
    return [[...row.slice(0, 2), '', reload, row[4]!], ...below];
  });
}

function defaultText({ default: value }: JsonSchema): string {
  if (value === undefined) return '';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}
