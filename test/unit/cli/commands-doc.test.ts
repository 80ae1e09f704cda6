import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../../src/cli/program.js';
import { DEFAULTS, envOf, flagOf, SETTING_NAMES, type SettingName } from '../../../src/cli/setting-names.js';
import { expectFresh } from './golden.js';

const program = createProgram(() => undefined, { out: () => undefined, err: () => undefined });

/** What `--help` of a command prints on a terminal of 80 columns. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}

function section(command: Command): string {
  return `## penstock ${command.name()}\n\n\`\`\`text\n${helpOf(command)}\`\`\`\n`;
}

function settingRow(name: SettingName): string {
  const defaults: Readonly<Partial<Record<SettingName, string>>> = DEFAULTS;
  return `| \`${flagOf(name)}\` | \`${envOf(name)}\` | \`${name}\` | ${defaults[name] ?? 'none: it has to be given'} |\n`;
}

const INTRODUCTION = `# Commands

This page is what \`--help\` prints, written by \`npm run golden:update\`.

| exit code | means |
| --- | --- |
| 0 | all is well |
| 1 | failed: a port in use, a server that does not answer |
| 64 | called wrongly; the message says how to call it |
| 65 | bad input: a folder that can not be read or holds no objects, a wrong configuration |
| 79 | \`check\` has found problems, be they warnings only |

What a command was asked for goes to standard output; what one should know beside it, and the log of \`serve\`, go to standard
error. [errors.md](errors.md) explains the codes in brackets at the end of a message.

\`\`\`text
`;

const SETTINGS = `## Settings of serve

| flag | environment | configuration file | default |
| --- | --- | --- | --- |
`;

test('docs/commands.md is what the commands say of themselves', () => {
  const page = [
    `${INTRODUCTION}${helpOf(program)}\`\`\`\n`,
    ...program.commands.map(section),
    `${SETTINGS}${SETTING_NAMES.map(settingRow).join('')}`,
  ];
  expectFresh('docs/commands.md', page.join('\n'));
});

test('every command says what it is for and has examples; every flag is described', () => {
  for (const command of program.commands) {
    const help = helpOf(command);
    assert.match(help, new RegExp(`\\nExamples:\\n {2}\\$ penstock ${command.name()}`), command.name());
    assert.ok(command.description().length > 20, command.name());
    for (const option of command.options) assert.ok(option.description.length > 5, `${command.name()} ${option.flags}`);
  }
});

test('every example is a command with flags that are there', () => {
  for (const command of program.commands) {
    const flags = new Set(command.options.flatMap(({ short, long }) => [short, long]));
    for (const [, words = ''] of helpOf(command).matchAll(/^ {2}\$ penstock \S+(.*)$/gm)) {
      for (const [flag] of words.matchAll(/(?<=\s)--?[a-z-]+/g))
        assert.ok(flags.has(flag), `${command.name()}: ${flag}`);
    }
  }
});

test('no line of a help text is longer than 80 columns, but for examples', () => {
  for (const command of [program, ...program.commands]) {
    const lines = helpOf(command).split('\n');
    assert.deepEqual(
      lines.filter((line) => line.length > 80 && !line.startsWith('  $ ')),
      [],
    );
  }
});
